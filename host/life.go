package host

import (
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
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
	e := Event{Type: EventState, Cause: cause, Next: h.next}
	switch {
	case h.err != nil:
		e.Err = h.err
	case s == StateBackingOff && h.last != nil:
		e.Err = h.last
	}
	h.emitLocked(e)
}

// currentExecution is that of its attempt, or nil. No task has none either.
func (h *Handle) currentExecution() execution {
	if h == nil {
		return nil
	}
	return locked(h, func() execution {
		if h.try == nil {
			return nil
		}
		return h.try.execution
	})
}

// begin begins the first attempt as soon as its needs allow, unless a stop came
// before it.
func (h *Handle) begin() {
	h.runner.mu.Lock()
	defer h.runner.mu.Unlock()
	if !h.over && h.try == nil {
		h.proceedLocked("")
	}
}

// proceedLocked begins the next attempt if what the task needs is there, waits for
// it if not, and ends the task if it never will be.
func (h *Handle) proceedLocked(cause string) {
	if h.over || h.ending || h.barred || h.runner.state != RunRunning {
		return
	}
	h.next = time.Time{}
	unmet, never := h.unmetLocked()
	switch {
	case never != "" && h.attempts == 0:
		h.cause = never
		h.moveLocked(h.state, never)
		h.finishLocked(nil)
	case never != "":
		h.state, h.cause = StateFailed, never
		h.finishLocked(&TaskError{
			Task: h.job.id, Mode: h.mode, Attempt: h.attempts, Outcome: OutcomeLaunchFailed, ExitCode: -1,
			Err: fmt.Errorf("it cannot start again: it %s", never),
		})
	case unmet != "":
		h.waitCause = cause
		if h.state != StateWaiting || h.cause != unmet {
			h.moveLocked(StateWaiting, unmet)
		}
	default:
		h.beginLocked(cause)
	}
}

// beginLocked begins an attempt.
func (h *Handle) beginLocked(cause string) {
	r := h.runner
	if h.isolated != "" {
		cause, h.isolated = h.isolated, ""
	}
	h.attempts++
	h.progress = Progress{}
	t := &try{Handle: h, number: h.attempts, mode: h.mode, job: h.jobLocked(), restore: h.checkpoint}
	t.logger = t.watchedLogger()
	t.execution = r.executorLocked(t.mode).prepare(call{
		ctx: task.WithHost(r.ctx, t), job: t.job, config: r.config,
		started: t.started, ended: t.ended, late: t.late,
	})
	h.try = t
	h.moveLocked(StateStarting, cause)
	if d := h.job.timeout; d > 0 {
		t.afterLocked(d, verdict{outcome: OutcomeTimedOut, err: fmt.Errorf("it ran longer than its timeout of %v", d)})
	}
	t.execution.begin()
}

// settleLocked decides what follows the end of an attempt: the task's end, or
// another attempt.
func (h *Handle) settleLocked(t *try, s State, failure *TaskError, e end) {
	h.try = nil
	h.last = failure
	if e.Panic != nil {
		h.isolateLocked()
	}
	goesOn := !h.ending && !h.barred && h.runner.state == RunRunning
	switch {
	case !goesOn, s == StateAbandoned && !h.job.restart.Overlap:
	case h.round != nil:
		h.next = h.round.next
		h.moveLocked(StateBackingOff, h.round.cause)
		h.round.proceedLocked()
		return
	case h.again(failure, e):
		h.backOffLocked(t.words(e), h.budget.spend(h.job.restart, t.running))
		return
	case h.job.restart.again(failure != nil, e.Final):
		failure, s = h.exhausted(failure), StateFailed
	}
	h.result, h.state = e.Result, s
	if h.cause = ""; failure != nil {
		h.cause = t.words(e)
	}
	h.finishLocked(failure)
}

// again reports whether the restart policy has another attempt follow.
func (h *Handle) again(failure *TaskError, e end) bool {
	return h.job.restart.again(failure != nil, e.Final) && h.budget.left(h.job.restart)
}

// words say how an attempt ended that is followed by another.
func (t *try) words(e end) string {
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

// backOffLocked has the task, and those that the strategy of its group restarts
// with it, begin again after delay.
func (h *Handle) backOffLocked(cause string, delay time.Duration) {
	h.next = time.Now().Add(delay)
	if h.group.restartLocked(h, cause, delay) {
		return
	}
	h.moveLocked(StateBackingOff, cause)
	number := h.attempts
	h.retry = time.AfterFunc(delay, func() {
		h.runner.mu.Lock()
		defer h.runner.mu.Unlock()
		if h.state == StateBackingOff && h.attempts == number && h.round == nil {
			h.proceedLocked("restart: " + cause)
		}
	})
}

// isolateLocked moves a task that has panicked too often into a process of its own.
func (h *Handle) isolateLocked() {
	h.panics++
	if after := h.job.isolate; after > 0 && h.panics >= after && h.mode != Process {
		h.mode = Process
		h.isolated = fmt.Sprintf("moved to a process of its own after %d panics", h.panics)
	}
}

// endLocked has no attempt follow the one that runs. Where none runs, it is the
// task's end.
func (h *Handle) endLocked() {
	if h.over || h.ending {
		return
	}
	h.ending = true
	if h.try != nil {
		return
	}
	if h.attempts > 0 {
		h.state, h.cause = StateStopped, ""
	} else if h.state == StateWaiting {
		if _, never := h.unmetLocked(); never != "" {
			h.cause = never // which is why it is asked to end, most likely
		}
	}
	h.finishLocked(nil)
}

// askLocked marks the attempt as told to stop, if there is one that was not. It
// returns what there is to stop.
func (t *try) askLocked(cause string) bool {
	if t.over || t.asked {
		return false
	}
	t.asked = true
	t.moveLocked(StateStopping, cause)
	return true
}

// finishLocked ends the task's life, with h.state as it is, and lets its group
// know of a failure.
func (h *Handle) finishLocked(failure *TaskError) {
	r := h.runner
	h.over = true
	h.next = time.Time{}
	if h.retry != nil {
		h.retry.Stop()
	}
	h.err = failure
	if h.state.Ended() {
		h.moveLocked(h.state, h.cause)
	}
	close(h.done)
	r.live--
	if h.round != nil {
		h.round.leaveLocked(h)
	}
	if failure != nil {
		r.failures = append(r.failures, h)
	}
	h.group.endedLocked(failure)
	h.wakeDependentsLocked()
	r.checkEndLocked()
}
