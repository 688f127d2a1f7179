package host

import (
	"context"
	"errors"
	"fmt"
)

// How a run ends, and what its result is.

// Wait waits until every task has ended, and then the run has ended too. With no
// tasks it returns nil at once.
//
// Under Propagate it returns the first failure at once, of a task or of a [Group],
// while the other tasks run on: the caller decides, by Stop or each Handle's Done.
// Under the other policies it joins every error, in the order of the failures. It
// fails with [ErrNotStarted] before Start, and with ctx's cause if ctx ends first,
// which stops nothing. It may be called from any number of goroutines, but not from
// one of the runner's own tasks, which would wait for itself.
func (r *Runner) Wait(ctx context.Context) error {
	r.lock()
	idle := r.state == RunIdle
	r.unlock()
	if idle {
		return ErrNotStarted
	}
	if !r.await(ctx) {
		return context.Cause(ctx)
	}
	r.lock()
	defer r.unlock()
	if r.config.policy == Propagate && r.failure != nil {
		return r.failure
	}
	return join(r.errorsLocked())
}

// await waits until the run has ended, or under Propagate has failed. It reports
// false if ctx ends first.
func (r *Runner) await(ctx context.Context) bool {
	r.lock()
	r.waiting++
	r.checkEndLocked()
	r.unlock()
	defer func() {
		r.lock()
		defer r.unlock()
		r.waiting--
	}()
	var failed chan struct{}
	if r.config.policy == Propagate {
		failed = r.failed
	}
	select {
	case <-failed:
	case <-r.ended:
	case <-ctx.Done():
		return false
	}
	return true
}

// Run is Start, Wait and then Stop: it returns when every task has ended or was
// named as abandoned, and leaves nothing behind. When ctx ends, it stops the
// tasks.
//
// The result joins ctx's cause, if that ended the run, and every error in the
// order of the failures: under Propagate the first failure, at which the other
// tasks were stopped, comes first, and if that is a [Group]'s, it is a [*GroupError].
// A single error is returned as it is.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.Start(ctx); err != nil {
		return err
	}
	var errs []error
	if !r.await(ctx) {
		errs = append(errs, context.Cause(ctx))
	}
	_ = r.Stop(context.WithoutCancel(ctx)) // whom it had to insist on is among the errors
	r.lock()
	defer r.unlock()
	return join(append(errs, r.errorsLocked()...))
}

// failLocked lets the policy hear of a failure: of a task, or of a group.
func (r *Runner) failLocked(err error, of []*Handle, cause string) {
	if r.failure == nil && r.overtime == nil {
		r.failure, r.failureOf = err, of
		close(r.failed)
	}
	if r.config.policy == StopAll && r.state == RunRunning {
		r.state = RunStopping
		r.stopForLocked(r.handles.clone(), cause)
	}
}

// errorsLocked are those of the run.
func (r *Runner) errorsLocked() []error {
	var errs []error
	if r.overtime != nil {
		errs = append(errs, r.overtime)
	}
	told := make(map[*Handle]bool)
	if r.config.policy == Propagate && r.failure != nil {
		errs = append(errs, r.failure)
		for _, h := range r.failureOf {
			told[h] = true
		}
	}
	for _, h := range r.failures {
		if !told[h] {
			errs = append(errs, h.err)
		}
	}
	return errs
}

// join is errors.Join, but a single error stays what it is.
func join(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// expire stops the run at its deadline.
func (r *Runner) expire() {
	r.lock()
	defer r.unlock()
	if r.state != RunRunning {
		return
	}
	r.overtime = fmt.Errorf("%w of %v", ErrDeadline, r.config.deadline)
	r.state = RunStopping
	r.stopForLocked(r.handles.clone(), r.overtime.Error())
}

// checkEndLocked ends the run if nothing is left to wait for and nobody means to
// add more: every change to what it looks at calls it.
func (r *Runner) checkEndLocked() {
	if r.live == 0 && r.enforcing == 0 && r.state != RunEnded && (r.state == RunStopping || r.waiting > 0) {
		r.endLocked()
	}
}

func (r *Runner) endLocked() {
	r.state = RunEnded
	if r.deadline != nil {
		r.deadline.Stop()
	}
	for s := range r.subscriptions {
		s.end()
	}
	go r.release(r.abandoned > 0) // ends at once, but must not run on a task's coroutine
}

func (r *Runner) release(abandoned bool) {
	for _, e := range r.executors { // final: nothing begins any more
		if e != nil {
			e.close(abandoned)
		}
	}
	r.keeper.Close() // final too
	close(r.ended)
}
