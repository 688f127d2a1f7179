package host

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// try is one attempt of a task as the runner knows it, and the task.Host of that
// attempt. Its fields are under the runner's lock, but for those that are final.
type try struct {
	*Handle
	number    int         // from 1; final
	mode      Mode        // final
	job       *job        // final
	restore   *checkpoint // nil for none; final
	execution execution   // final
	watch     *watch      // nil in an attempt on the usual terms; final

	runs    bool          // its Run was called
	ready   bool          // it is up
	asked   bool          // it was told to stop
	forced  bool          // and the runner insisted
	over    bool          // it has ended, or was abandoned
	early   bool          // its log says that it is up, and it did not run yet
	verdict *verdict      // why the runner ends it, other than by request
	done    chan struct{} // closed when it is over; nil until someone waits

	untold atomic.Uint32 // tidings that the runner has not noted
	next   *try          // in the inbox
	end    *end          // set before hasEnded is told; final
}

// verdict is the runner's own reason to end an attempt.
type verdict struct {
	outcome Outcome
	err     error
	force   bool // without asking, where the mode can
}

// doneLocked is closed when the attempt is over.
func (t *try) doneLocked() <-chan struct{} {
	if t.done == nil {
		t.done = make(chan struct{})
		if t.over {
			close(t.done)
		}
	}
	return t.done
}

func (t *try) overLocked() bool { return t.over }

// afterLocked ends the attempt with v unless it is over in d.
func (t *try) afterLocked(d time.Duration, v verdict) {
	t.watch.timers = append(t.watch.timers, time.AfterFunc(d, func() { t.expire(v) }))
}

// started is called by the executor when the task runs.
func (t *try) started() { t.tell(hasStarted) }

func (t *try) startedLocked() {
	if t.over || t.asked {
		return
	}
	t.runs = true
	t.moveLocked(StateRunning, "")
	if t.watch != nil {
		t.watchLocked()
	}
	if t.early {
		t.upLocked()
	}
	t.wakeDependentsLocked()
}

// late is called where an attempt should have started, and nobody can end it if not.
func (t *try) late() {
	t.runner.lock()
	runs := t.runs
	t.runner.unlock()
	if runs {
		return
	}
	t.expire(verdict{
		outcome: OutcomeLaunchFailed,
		err:     fmt.Errorf("not started within the start timeout of %v", t.job.startTimeout),
	})
}

// expire ends the attempt for a reason of the runner's own. It blocks until the
// attempt is over: it is a timer's goroutine.
func (t *try) expire(v verdict) {
	r := t.runner
	r.lock()
	if t.over || t.asked || t.verdict != nil {
		r.unlock()
		return
	}
	t.verdict = &v
	t.moveLocked(StateStopping, v.err.Error())
	r.enforcing++
	t.asked, t.forced = true, v.force
	r.unlock()
	ctx, cancel := context.WithTimeout(context.Background(), r.config.grace)
	defer cancel()
	if !v.force || !t.execution.insist() {
		t.execution.stop(ctx, task.ErrStopped)
	}
	r.enforce(ctx, []*try{t})
	r.disengage()
}

// ended is called by the executor when the attempt has ended.
func (t *try) ended(e *end) {
	t.leave(e)
	t.runner.catchUp()
}

// leave is ended for an executor that has the runner catch up itself, and soon.
func (t *try) leave(e *end) {
	if t.job.mask != nil {
		e = e.masked(t.job.mask)
	}
	if e.Err != nil && !e.Clean {
		t.conclude(e)
		return
	}
	t.end = e
	t.put(hasEnded)
}

// endedLocked takes note of an end that is most likely as it should be. If it is not, it
// takes words, and to log is nothing for who holds the lock, or has to go on.
func (t *try) endedLocked() {
	e := t.end
	t.end = nil
	if !t.over {
		if state, failure := t.judgeLocked(e); failure == nil {
			t.closeLocked()
			t.settleLocked(t, state, nil, e)
			return
		}
	}
	t.runner.enforcing++
	go func() { // ends as soon as that was said
		t.conclude(e)
		t.runner.disengage()
	}()
}

// conclude ends an attempt, which may have failed. A failure is in the log before
// anyone can see it, as the run, and the program, may end then.
func (t *try) conclude(e *end) {
	r := t.runner
	r.lock()
	if t.over {
		r.abandoned--
		r.unlock()
		t.log().Info("an abandoned task has ended after all")
		return
	}
	state, failure := t.judgeLocked(e)
	if failure != nil {
		goesOn, _ := t.followedLocked(t, state, true, e.Final)
		r.unlock() // to log runs code that is not ours, and may panic
		t.logFailure(failure, goesOn)
		r.lock()
	}
	defer r.unlock()
	if t.over { // abandoned meanwhile
		r.abandoned--
		return
	}
	t.closeLocked()
	t.settleLocked(t, state, failure, e)
}

func (t *try) logFailure(failure *TaskError, goesOn bool) {
	switch {
	case goesOn:
		t.log().Warn("an attempt failed", "outcome", failure.Outcome, "error", failure.Err)
	case t.group.Policy == LogOnly:
		t.log().Error("task failed", "outcome", failure.Outcome, "error", failure.Err)
	}
}

// closeLocked ends what was begun for the attempt.
func (t *try) closeLocked() {
	t.over = true
	if t.done != nil {
		close(t.done)
	}
	if t.watch != nil {
		t.watch.close()
	}
}

// judgeLocked finds the state that the attempt's end leads to, and its failure or nil.
func (t *try) judgeLocked(e *end) (State, *TaskError) {
	switch {
	case t.verdict != nil:
	case e.Err == nil && !t.asked:
		return StateSucceeded, nil
	case t.asked && e.Clean:
		return StateStopped, nil
	}
	err := t.failure(OutcomeError, e.Err)
	if !e.Started {
		err.Outcome = OutcomeLaunchFailed
	}
	if e.Panic != nil {
		err.Outcome, err.Stack = OutcomePanic, e.Panic.Stack
	}
	if p := e.process; p != nil {
		err.Outcome, err.ExitCode, err.Signal, err.Stderr = p.outcome, p.exitCode, p.signal, p.stderr
		if t.forced && t.verdict == nil {
			err.Outcome = OutcomeStopTimeout
			err.Err = fmt.Errorf("it did not stop in time and was killed: %w", e.Err)
		}
	}
	if v := t.verdict; v != nil {
		err.Outcome, err.Err = v.outcome, v.err
		if !e.Clean && !t.forced {
			err.Err = &both{v.err, e.Err}
		}
	}
	return StateFailed, err
}

func (t *try) failure(o Outcome, err error) *TaskError {
	return &TaskError{Task: t.job.id, Mode: t.mode, Attempt: t.number, Outcome: o, ExitCode: -1, Err: err}
}

// abandon gives up waiting for the attempt, and reports false if it is over. What it does
// from now on, nobody asked for. It is called after forced was set.
func (t *try) abandon() bool {
	r := t.runner
	r.lock()
	defer r.unlock()
	if t.over {
		return false
	}
	reason := errors.New("it did not stop in time and was abandoned: its code still runs")
	failure := t.failure(OutcomeStopTimeout, reason)
	if v := t.verdict; v != nil {
		failure.Outcome, failure.Err = v.outcome, fmt.Errorf("%w; %w", v.err, reason)
	}
	r.abandoned++
	t.closeLocked()
	t.settleLocked(t, StateAbandoned, failure, new(end))
	return true
}
