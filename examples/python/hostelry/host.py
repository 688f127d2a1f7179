"""What a task and its host say to each other, as the task sees it."""

import threading

from . import task_pb2 as pb


class Failure(Exception):
    """A failure that a task means to raise: its text says what was wrong and what to do.

    permanent marks one that no restart can mend. code is the protocol's, if one holds.
    An OSError is a failure too. Any other exception is a mistake of the task's, and
    reported with its stack.
    """

    def __init__(self, message, *, permanent=False, code=pb.CODE_UNSPECIFIED):
        super().__init__(message)
        self.permanent, self.code = permanent, code


class Stopped(Failure):
    """The task was asked to stop, or its host is gone.

    The task cleans up, within its grace or the second that is left, and then lets this
    pass, or returns a result, which is kept.
    """

    def __init__(self, message="stopped on request", *, code=pb.CODE_STOPPED):
        super().__init__(message, code=code)


class Host:
    """What a task may ask of its host, from any thread.

    A unit test makes one itself, Host(restored=...): then everything is told in vain.
    """

    def __init__(self, id="", attempt=1, restored=None):
        self.id = id  # the task's, in the host's run
        self.attempt = attempt  # counts from 1
        self.restored = restored  # the newest checkpoint of earlier attempts, or None
        self._changed = threading.Condition()
        self._cause = None  # why the task shall stop

    def check(self):
        """Raise Stopped if the task was asked to stop. Call it often."""
        if self._cause:
            raise self._cause

    def sleep(self, seconds):
        """Wait, or raise Stopped as soon as the task is asked to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._cause, seconds)
        self.check()

    def ready(self):
        """Say that the task is up."""

    def heartbeat(self):
        """Say that the task is alive, to its watchdog."""

    def progress(self, done, total=0, message=""):
        """Report work done, in a unit of the task's own; total is 0 if it is not known.

        Like all that a task tells, it takes about 0.1 ms: not after each of many lines.
        """

    def checkpoint(self, value):
        """Have the host keep value, for Host.restored of the next attempt.

        It returns once the host has it, and raises Stopped if a stop comes first. A
        value that does not encode as JSON is a Failure.
        """

    def stop(self, cause=None):
        """Ask the task to stop, as the host does. The first call counts."""
        with self._changed:
            self._cause = self._cause or cause or Stopped()
            self._changed.notify_all()
