"""One attempt of a task: a Run stream, and the thread that the task runs in."""

import asyncio
import json
import logging
import traceback

import grpc

from . import task_pb2 as pb
from .host import Failure, Host, Stopped

MAX_JSON = 64 << 20  # bytes of a result or a checkpoint [rpc-size]
MAX_TEXT = 64 << 10  # characters, each of up to 4 bytes


class Attempt(Host):
    """The Host of a task that a host sent. Made, and its coroutines run, on the event loop."""

    def __init__(self, stream, start):
        super().__init__(start.task, start.attempt, decode("checkpoint", start.checkpoint, pb.CODE_BAD_CHECKPOINT))
        self.ended = asyncio.get_running_loop().create_future()  # Finished, once the task has ended
        self._loop = asyncio.get_running_loop()
        self._stream = stream
        self._writing = asyncio.Lock()
        self._sequence = self._acked = 0  # of checkpoints

    def ready(self):
        self._report(ready=pb.Ready())

    def heartbeat(self):
        self._report(heartbeat=pb.Heartbeat())

    def progress(self, done, total=0, message=""):
        self._report(progress=pb.Progress(done=done, total=total, message=text(message)))

    def checkpoint(self, value):
        data = encode("checkpoint", value, pb.CODE_BAD_CHECKPOINT)
        with self._changed:
            self._sequence = sequence = self._sequence + 1
        self._report(checkpoint=pb.Checkpoint(sequence=sequence, data=data))
        with self._changed:
            self._changed.wait_for(lambda: self._acked >= sequence or self._cause)
            if self._acked < sequence:
                raise self._cause

    def _report(self, **message):
        """Send as fast as the host reads. That it is gone is for listen to see."""
        try:
            asyncio.run_coroutine_threadsafe(self.write(**message), self._loop).result()
        except Exception:
            pass

    async def write(self, **message):
        async with self._writing:
            await self._stream.write(pb.RunResponse(**message))

    async def listen(self):
        """Obey the host until the stream ends, which before Finished means that it is gone."""
        try:
            while (request := await self._stream.read()) is not grpc.aio.EOF:
                which = request.WhichOneof("message")  # None if it is unknown [future-unknown]
                if which == "stop":
                    self.stop()
                elif which == "checkpoint_ack":
                    self._acknowledge(request.checkpoint_ack.sequence)
        except Exception as error:  # what the host sent is no message
            logging.error("a Run stream broke: %s", error)
        self.lose()

    def lose(self):
        """Stop the task because its host is gone."""
        self.stop(Stopped("the host is gone", code=pb.CODE_HOST_GONE))

    def _acknowledge(self, sequence):
        with self._changed:
            self._acked = max(self._acked, sequence)
            self._changed.notify_all()

    def run(self, kind, config):
        """Run the task. It is a thread's target, and returns when the task does."""
        finished = pb.Finished()
        self._report(started=pb.Started())
        try:
            result = kind.run(config, self)
            if result is not None:
                finished.result = encode("result", result, pb.CODE_BAD_RESULT)
        except BaseException as error:  # sys.exit in a task is not the process's
            finished.failure.CopyFrom(failure(error))
        self._loop.call_soon_threadsafe(self.ended.set_result, finished)


def decode(what, data, code):
    """Return the value of JSON, or None if there is none."""
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError) as reason:
        raise Failure(f"the {what} is not JSON: {reason}", code=code) from reason


def encode(what, value, code):
    """Return value as JSON."""
    try:
        data = json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as reason:
        raise Failure(f"the {what} does not encode as JSON: {reason}", code=code) from reason
    if len(data) > MAX_JSON:
        raise Failure(f"the {what} has {len(data)} bytes as JSON, at most {MAX_JSON} cross a process boundary", code=code)
    return data


def failure(error):
    """Return an exception as the protocol's Failure."""
    told = pb.Failure(message=text(error) or type(error).__name__)
    if isinstance(error, Failure):
        told.permanent = error.permanent
        told.codes.extend([error.code] if error.code else [])
    elif isinstance(error, TimeoutError):
        told.codes.append(pb.CODE_DEADLINE_EXCEEDED)
    elif not isinstance(error, OSError):
        told.message = told.panic.value = f"{type(error).__name__}: {told.message}"
        told.panic.stack = text("".join(traceback.format_exception(None, error, error.__traceback__)))
    return told


def text(value):
    """Return value as text that a protobuf string takes [rpc-text], and a host keeps [failure-message]."""
    return str(value)[:MAX_TEXT].encode("utf-8", "replace").decode()
