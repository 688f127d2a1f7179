package host

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// The life of one task, from Add to its end, through its attempts: every change of
// a Handle's state is in this file, under the runner's lock.

func (h *Handle) emitLocked(e Event) {
	if len(h.runner.subscriptions) == 0 {
		return
	}
	e.Time = time.Now()
	e.Task, e.Kind, e.Mode, e.Attempt, e.State = h.job.id, h.Kind(), h.mode, h.attempts, h.state
	for s := range h.runner.subscriptions {
		s.push(e)
	}
}

func (h *Handle) moveLocked(s State, cause string) {
	h.state, h.cause = s, cause
	if len(h.runner.subscriptions) > 0 {
		h.emitMoveLocked(s, cause)
	}
}

// emitMoveLocked is apart from moveLocked because an Event is large, and a goroutine's
// first stack, of 2 KB, is not: whoever moves a task that nobody watches needs no more.
//
//go:noinline
func (h *Handle) emitMoveLocked(s State, cause string) {
	e := Event{Type: EventState, Cause: cause, Next: h.nextLocked()}
	switch {
	case h.err != nil:
		e.Err = h.err
	case s == StateBackingOff && h.lastLocked() != nil:
		e.Err = h.lastLocked()
	}
	h.emitLocked(e)
}

// begin begins the first attempt as soon as the task's needs allow, unless something
// came before.
func (h *Handle) begin() {
	h.runner.lock()
	defer h.runner.unlock()
	if h.state == StatePending {
		h.proceedLocked("")
	}
}

// proceedLocked begins the next attempt if what the task needs is there, waits for
// it if not, and ends the task if it never will be. It does nothing where an attempt
// may not begin, or not yet.
func (h *Handle) proceedLocked(cause string) {
	if h.over || h.ending || h.try != nil || h.round != nil || h.runner.state == RunIdle {
		return
	}
	unmet, blocker, never := h.unmetLocked()
	switch {
	case never != "" && h.attempts == 0:
		h.finishLocked(h.state, never, nil)
	case !h.mayBeginLocked():
	case never != "":
		h.finishLocked(StateFailed, never, h.stuck(never))
	case unmet != "":
		h.pastLocked().waitCause, h.blocker = cause, blocker
		if h.state != StateWaiting || h.cause != unmet {
			h.moveLocked(StateWaiting, unmet)
		}
		h.renewedLocked()
	default:
		h.beginLocked(cause)
	}
}

// mayBeginLocked reports whether nothing keeps attempts of the task from beginning.
func (h *Handle) mayBeginLocked() bool {
	return !h.ending && !h.barred && h.runner.state == RunRunning
}

// stuck is the failure of a task that ran, but cannot begin again.
func (h *Handle) stuck(never string) *TaskError {
	err := fmt.Errorf("it cannot start again: it %s", never)
	last := h.lastLocked()
	if last == nil {
		return &TaskError{
			Task: h.job.id, Mode: h.mode, Attempt: h.attempts, Outcome: OutcomeLaunchFailed, ExitCode: -1, Err: err,
		}
	}
	failure := *last
	failure.Err = &both{last.Err, err}
	return &failure
}

// beginLocked begins an attempt.
func (h *Handle) beginLocked(cause string) {
	r := h.runner
	if after := h.job.isolate; after > 0 && h.past != nil && h.past.panics >= after && h.mode != Process {
		h.mode = Process
		cause = fmt.Sprintf("moved to a process of its own after %d panics", h.past.panics)
	}
	h.attempts++
	if h.past != nil {
		h.past.progress = Progress{}
	}
	t := &try{Handle: h, number: h.attempts, mode: h.mode, job: h.jobLocked()}
	if h.past != nil {
		t.restore = h.past.checkpoint
	}
	if t.job.terms != r.config.usual {
		t.watch = &watch{logger: t.watchedLogger()}
	}
	t.execution = r.executorLocked(t.mode).prepare(call{teller: teller{try: t}, ctx: (*scope)(t), job: t.job, config: r.config})
	h.try = t
	h.moveLocked(StateStarting, cause)
	h.renewedLocked()
	if d := h.job.timeout; d > 0 {
		t.afterLocked(d, verdict{outcome: OutcomeTimedOut, err: fmt.Errorf("it took longer than its timeout of %v", d)})
	}
	t.execution.begin()
}

// settleLocked decides what follows the end of an attempt: another attempt, or the
// task's end.
func (h *Handle) settleLocked(t *try, s State, failure *TaskError, e *end) {
	h.try = nil
	if failure != nil || h.past != nil {
		h.rememberLocked(failure, e)
	}
	goesOn, spent := h.followedLocked(t, s, failure != nil, e.Final)
	if goesOn {
		h.againLocked(t, e)
		return
	}
	words := ""
	if spent {
		failure, s = h.exhausted(failure), StateFailed
	}
	if failure != nil {
		words = t.words(e)
	}
	h.result = e.Result
	h.finishLocked(s, words, failure)
}

// rememberLocked keeps what later attempts may want to know of one that has ended.
func (h *Handle) rememberLocked(failure *TaskError, e *end) {
	past := h.pastLocked()
	past.last = failure
	if e.Panic != nil {
		past.panics++
	}
}

// againLocked has another attempt follow the one that has ended.
func (h *Handle) againLocked(t *try, e *end) {
	if h.round == nil {
		h.backOffLocked(t.words(e), h.pastLocked().budget.spend(h.job.restart, t.watch.running))
		return
	}
	h.moveLocked(StateBackingOff, h.round.cause)
	h.round.proceedLocked()
}

// followedLocked reports whether another attempt follows one that ended so, and if
// not, whether that is because the task's restarts are spent.
func (h *Handle) followedLocked(t *try, s State, failed, final bool) (goesOn, spent bool) {
	switch {
	case !h.mayBeginLocked(), s == StateAbandoned && !h.job.restart.Overlap, failed && final:
		return false, false
	case h.round != nil && t.asked:
		return true, false
	case !h.job.restart.again(failed):
		return false, false
	}
	left := h.pastLocked().budget.left(h.job.restart)
	return left, !left
}

// words say how an attempt ended that is followed by another, or that failed.
func (t *try) words(e *end) string {
	switch {
	case t.verdict != nil:
		return t.verdict.err.Error()
	case e.Err != nil:
		return e.Text
	case t.asked:
		return "it was abandoned"
	default:
		return "it succeeded, and is always restarted"
	}
}

// exhausted is the failure of a task that ended more often than it may.
func (h *Handle) exhausted(failure *TaskError) *TaskError {
	if failure == nil {
		failure = &TaskError{
			Task: h.job.id, Mode: h.mode, Attempt: h.attempts, Outcome: OutcomeError, ExitCode: -1,
			Err: errors.New("it ended without a failure"),
		}
	}
	spent := *failure
	spent.Err = &both{failure.Err, fmt.Errorf("%w: %d within %v", ErrRestartsSpent, h.job.restart.Max, h.job.restart.Within)}
	return &spent
}

// endLocked has no attempt follow the one that runs. Where none runs, it is the
// task's end.
func (h *Handle) endLocked(cause string) {
	if h.over || h.ending {
		return
	}
	h.ending = true
	switch {
	case h.try != nil:
	case h.attempts > 0:
		h.finishLocked(StateStopped, cause, nil)
	default:
		h.finishLocked(h.state, cmp.Or(cause, "stopped before it began"), nil)
	}
}

// askLocked marks the attempt as told to stop. It reports whether it was not, and is to be
// told.
func (t *try) askLocked(cause string) bool {
	if t.over || t.asked {
		return false
	}
	t.asked = true
	t.moveLocked(StateStopping, cause)
	return true
}

// finishLocked ends the task's life. Its group hears of a failure before anything
// else can begin.
func (h *Handle) finishLocked(s State, cause string, failure *TaskError) {
	r := h.runner
	h.over = true
	h.err = failure
	h.blocker = nil
	h.moveLocked(s, cause)
	if h.done != nil {
		close(h.done)
	}
	h.renewedLocked()
	r.live--
	if failure != nil {
		r.failures = append(r.failures, h)
	}
	h.group.endedLocked(h)
	if h.round != nil {
		h.round.leaveLocked(h)
	}
	h.wakeDependentsLocked()
	if h.forgotten {
		r.forgetLocked(h)
	}
	r.checkEndLocked()
}
