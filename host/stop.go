package host

import (
	"context"
	"slices"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Stop stops every task and ends the run. Tasks that need each other are asked in
// turn, dependents before what they need, and all others at once; who has not
// stopped when the grace ends, or ctx if that is earlier, is killed if it is a
// process and abandoned if not. No task waits for its turn so long that it has less
// than its share of the grace: in a chain of four, a quarter of it. Stop returns
// when all have ended so, and joins the errors of those that it ended and that ended
// with one. It says nothing of tasks that had failed before: [Runner.Wait] and
// [Runner.Failed] do.
//
// It may be called any number of times, before Start and after the end too: after
// it nothing starts. It may be called from one of the runner's own tasks, and then
// asks that task as well, but does not wait for it; of ctx, which the stop itself
// may end, then only the deadline counts.
func (r *Runner) Stop(ctx context.Context) error {
	r.lock()
	if r.state < RunStopping {
		r.state = RunStopping
	}
	handles := r.handles.clone()
	r.checkEndLocked()
	r.unlock()
	caller := r.caller(ctx)
	err := r.stop(ctx, handles, caller, "")
	if caller == nil {
		<-r.ended
	}
	return err
}

// stop stops some tasks and waits for them, but not for one whose attempt is
// calling.
func (r *Runner) stop(ctx context.Context, handles []*Handle, caller *try, cause string) error {
	pending := r.ask(ctx, handles, caller, cause)
	others := pending
	if caller != nil {
		others = slices.DeleteFunc(slices.Clone(pending), func(h *Handle) bool { return h == caller.Handle })
	}
	wait := func() { awaitEnds(context.Background(), r, others) }
	if caller == nil {
		wait()
	} else {
		caller.execution.await(ctx, wait)
	}
	var errs []error
	r.lock()
	defer r.unlock()
	for _, h := range pending {
		if h.err != nil {
			errs = append(errs, h.err)
		}
	}
	return join(errs)
}

// ask has tasks end, and sees to it that they do by the end of the grace, or of
// ctx. It returns those that are not over.
func (r *Runner) ask(ctx context.Context, handles []*Handle, caller *try, cause string) []*Handle {
	deadline := time.Now().Add(r.config.grace)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if caller != nil {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	r.lock()
	for _, h := range handles {
		h.barred = true // none begins because another ends
	}
	pending := make([]*Handle, 0, len(handles))
	for _, h := range handles {
		if h.endLocked(cause); !h.over {
			pending = append(pending, h)
		}
	}
	halt := newHaltLocked(r, pending, caller, cause)
	asked := halt.askLocked(halt.first)
	r.enforcing++
	r.unlock()
	stopAll(ctx, asked)
	go func() { // ends with the last of pending: checkEndLocked waits for it
		defer cancel()
		halt.finish(ctx)
	}()
	return pending
}

// stopForLocked asks tasks to stop, as a policy does, and does not wait.
func (r *Runner) stopForLocked(handles []*Handle, cause string) {
	for _, h := range handles {
		h.barred = true
	}
	r.enforcing++
	go func() { // ends as soon as they were asked
		r.ask(context.Background(), handles, nil, cause)
		r.disengage()
	}()
}

// disengage ends what raised enforcing.
func (r *Runner) disengage() {
	r.lock()
	defer r.unlock()
	r.enforcing--
	r.checkEndLocked()
}

// caller finds the attempt that is calling: by its ctx, or where it gave another by
// its stack.
func (r *Runner) caller(ctx context.Context) *try {
	if t, ok := task.HostOf(ctx).(*try); ok && t.runner == r {
		return t
	}
	trace := attempt.Here()
	if trace == "" {
		return nil
	}
	for _, h := range r.Handles() {
		if t := locked(h, func() *try { return h.try }); t != nil && t.execution.runs(trace) {
			return t
		}
	}
	return nil
}
