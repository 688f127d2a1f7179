package conformance

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

func checkStopRunning(t *trial) outcome { return t.stopRun().outcome }

// checkStopClean looks at how the task ended that was stopped while it ran.
func checkStopClean(t *trial) outcome {
	r := t.stopRun()
	f := t.firstRun()
	switch {
	case f.why != "":
		return notApplicable("%s", f.why)
	case r.verdict != Pass:
		return notApplicable("it was not seen to stop: see %s", stopRunning)
	case f.itself && f.said.finished.GetFailure() != nil:
		return notApplicable("it fails by itself: %s", words(f.said.finished))
	case r.said.finished == nil:
		return notApplicable("it gave no last word: see %s", lastWord)
	case !r.said.clean():
		return failed("after a stop it finished: %s", words(r.said.finished))
	}
	return passed()
}

// stoppable is the outcome of a check that needs a task that stops, if the task does
// not.
func (t *trial) stoppable() (outcome, bool) {
	if why := t.firstRun().why; why != "" {
		return notApplicable("%s", why), false
	}
	if t.stopRun().verdict == Fail {
		return notApplicable("it does not stop: see %s", stopRunning), false
	}
	return outcome{}, true
}

// checkStopStarting stops a task at once: before it was made, or just after.
func checkStopStarting(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	s, err := t.open(t.kind.begin(t.config().text), false)
	if err != nil {
		return failed("%v", err)
	}
	defer s.close()
	s.stop(t.options.Grace)
	if !s.awaitEnd(t.patience()) {
		return failed("stopped right after start, it had not finished %v later", t.options.Grace)
	}
	said := s.transcript()
	if !said.started && said.finished.GetFailure() != nil && !said.failedWith(taskpb.Code_CODE_STOPPED) {
		return failed("stopped before it was made, it finished: %s", words(said.finished))
	}
	return t.orderly(s, passed())
}

// checkStopTwice: a host says it once, but two that share a task may not know of each
// other.
func checkStopTwice(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	return t.attempt(func(s *session) outcome {
		s.stop(t.options.Grace)
		s.stop(t.options.Grace)
		return t.ends(s)
	})
}

// checkStopLate stops a task that has just ended by itself.
func checkStopLate(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	if !t.firstRun().itself {
		return notApplicable("it runs until it is stopped, or longer than %v", t.options.Watch)
	}
	return t.attempt(func(s *session) outcome {
		if !s.await(t.patience()+t.options.Watch, hasEnded) {
			return notApplicable("it took longer than it did at first")
		}
		s.stop(t.options.Grace)
		s.awaitEnd(t.patience())
		if _, err := t.ask(t.ctx, s.instance); err != nil {
			return failed("after a stop that came too late, %v", err)
		}
		return passed()
	})
}

// checkStopUnanswered leaves a checkpoint without an answer.
func checkStopUnanswered(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	if t.firstRun().said.checkpoint == nil {
		return notApplicable("it makes no checkpoint, within %v", t.options.Watch)
	}
	s, err := t.open(t.kind.begin(t.config().text), true)
	if err != nil {
		return failed("%v", err)
	}
	defer s.close()
	if !s.await(t.options.StartTimeout+t.options.Watch, func(t *transcript) bool { return t.checkpoint != nil || t.finished != nil || t.over }) {
		return notApplicable("it made no checkpoint this time")
	}
	s.stop(t.options.Grace)
	if !s.awaitEnd(t.patience()) {
		return failed("while it waited for the answer to a checkpoint, it did not stop within %v", t.options.Grace)
	}
	return t.orderly(s, passed())
}

// checkHangUp ends the stream without a stop.
func checkHangUp(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	return t.attempt(func(s *session) outcome {
		s.hangUp()
		if !s.awaitEnd(t.patience()) {
			return failed("it still ran %v after its stream had ended", t.options.Grace)
		}
		said := s.transcript()
		if c := status.Code(said.status); said.finished == nil && (c == codes.Canceled || c == codes.Unavailable) {
			s.forgive(lastWord) // nobody is there to hear it
		}
		return passed()
	})
}
