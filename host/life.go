package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// The life of one task: every change of a Handle's state is in this file, under
// the runner's lock.

func (h *Handle) emitLocked(e Event) {
	if len(h.runner.subscriptions) == 0 {
		return
	}
	e.Time = time.Now()
	e.Task, e.Kind, e.Mode, e.Attempt, e.State = h.job.id, h.Kind(), h.job.mode, h.attempts, h.state
	for s := range h.runner.subscriptions {
		s.push(e)
	}
}

func (h *Handle) moveLocked(s State) {
	h.state = s
	e := Event{Type: EventState}
	if h.err != nil {
		e.Err = h.err
	}
	h.emitLocked(e)
}

func (h *Handle) currentExecution() execution {
	return locked(h, func() execution { return h.execution })
}

// begin begins the first attempt, unless a stop came before it.
func (h *Handle) begin() {
	h.runner.mu.Lock()
	defer h.runner.mu.Unlock()
	if !h.over {
		h.beginLocked()
	}
}

// beginLocked begins an attempt.
func (h *Handle) beginLocked() {
	r := h.runner
	h.attempts++
	host := taskHost{Handle: h, attempt: h.attempts, restore: h.checkpoint}
	h.execution = r.executorLocked(h.job.mode).prepare(call{
		ctx: task.WithHost(r.ctx, host), job: h.job, config: r.config,
		started: h.started, ended: h.ended,
	})
	h.moveLocked(StateStarting)
	h.execution.begin()
}

// started is called by the executor when the task runs.
func (h *Handle) started() {
	h.runner.mu.Lock()
	defer h.runner.mu.Unlock()
	if h.state == StateStarting {
		h.moveLocked(StateRunning)
	}
}

// askLocked marks the task as asked to stop. It returns what there is to stop.
func (h *Handle) askLocked() execution {
	switch {
	case h.over, h.asked:
		return nil
	case h.execution == nil: // it never starts
		h.asked = true
		h.finishLocked(nil)
		return nil
	}
	h.asked = true
	h.moveLocked(StateStopping)
	return h.execution
}

// ended is called by the executor when the attempt has ended. A failure is in the
// log before anyone can see it, as the run, and the program, may end then.
func (h *Handle) ended(e end) {
	r := h.runner
	r.mu.Lock()
	state, err := h.judgeLocked(e)
	r.mu.Unlock()
	if err != nil && r.config.policy == LogOnly {
		r.taskLogger(h.job).Error("task failed", "outcome", err.Outcome, "error", err.Err)
	}
	r.mu.Lock()
	late := h.over
	if late {
		r.abandoned--
	} else {
		h.result, h.state, h.err = e.Result, state, err
		h.finishLocked(err)
	}
	r.mu.Unlock()
	if late {
		r.taskLogger(h.job).Info("an abandoned task has ended after all")
	}
}

// judgeLocked finds the state that an attempt's end leads to, and its failure or
// nil. What an abandoned task does is judged already.
func (h *Handle) judgeLocked(e end) (State, *TaskError) {
	switch {
	case h.over:
		return h.state, nil
	case e.Err == nil && !h.asked:
		return StateSucceeded, nil
	case h.asked && e.Clean:
		return StateStopped, nil
	}
	err := &TaskError{
		Task: h.job.id, Mode: h.job.mode, Attempt: h.attempts, Outcome: OutcomeError, ExitCode: -1, Err: e.Err,
	}
	if !e.Started {
		err.Outcome = OutcomeLaunchFailed
	}
	if e.Panic != nil {
		err.Outcome, err.Stack = OutcomePanic, e.Panic.Stack
	}
	if p := e.process; p != nil {
		err.Outcome, err.ExitCode, err.Signal, err.Stderr = p.outcome, p.exitCode, p.signal, p.stderr
		if h.forced {
			err.Outcome = OutcomeStopTimeout
			err.Err = fmt.Errorf("it did not stop in time and was killed: %w", e.Err)
		}
	}
	return StateFailed, err
}

// insist ends the task by force, or abandons it. It reports whether the task is
// still to end, by force.
func (h *Handle) insist() bool {
	x := locked(h, func() execution {
		if h.over {
			return nil
		}
		h.forced = true
		return h.execution
	})
	if x == nil {
		return false
	}
	if x.insist() {
		return true
	}
	h.abandon()
	return false
}

// abandon gives up waiting for the task. What it does from now on, nobody asked for.
func (h *Handle) abandon() {
	r := h.runner
	r.mu.Lock()
	if h.over {
		r.mu.Unlock()
		return
	}
	h.err = &TaskError{
		Task: h.job.id, Mode: h.job.mode, Attempt: h.attempts, Outcome: OutcomeStopTimeout, ExitCode: -1,
		Err: errors.New("it did not stop in time and was abandoned: its code still runs"),
	}
	r.abandoned++
	h.state = StateAbandoned
	h.finishLocked(h.err)
	r.mu.Unlock()
	r.taskLogger(h.job).Warn("a task did not stop in time and was abandoned: its code still runs")
}

// finishLocked ends the task's life, with h.state as it is, and lets the policy
// know of a failure.
func (h *Handle) finishLocked(err *TaskError) {
	r := h.runner
	h.over = true
	if h.state.Ended() {
		h.moveLocked(h.state)
	}
	close(h.done)
	r.live--
	if err != nil {
		r.failures = append(r.failures, h)
		if len(r.failures) == 1 {
			close(r.failed)
		}
		if r.config.policy == StopAll && r.state == RunRunning {
			r.state = RunStopping
			others := r.handles
			r.enforcing++
			go func() { // ends as soon as the others were asked
				r.ask(context.Background(), others)
				r.mu.Lock()
				defer r.mu.Unlock()
				r.enforcing--
				r.checkEndLocked()
			}()
		}
	}
	r.checkEndLocked()
}
