package host

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// reapTimeout is how long a killed process may take to be gone. The system needs
// milliseconds; a process that hangs in the kernel is not to hang the host.
const reapTimeout = 5 * time.Second

// Stop stops every task and ends the run. All tasks are asked at once; who has
// not stopped when the grace ends, or ctx if that is earlier, is killed if it is a
// process and abandoned if not. Stop returns when all have ended so, and joins the
// errors of those that ended with one.
//
// It may be called any number of times, before Start and after the end too: after
// it nothing starts. It may be called from one of the runner's own tasks, and then
// asks that task as well, but does not wait for it.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	if r.state < RunStopping {
		r.state = RunStopping
	}
	handles := r.handles
	r.checkEndLocked()
	r.mu.Unlock()
	caller := r.caller(ctx, handles)
	err := r.stop(ctx, handles, caller)
	if caller == nil {
		<-r.ended
	}
	return err
}

// stop stops some tasks and waits for them, but not for one that is calling.
func (r *Runner) stop(ctx context.Context, handles []*Handle, caller *Handle) error {
	if caller != nil {
		ctx = context.WithoutCancel(ctx) // which the stop itself is about to end
	}
	pending := r.ask(ctx, handles)
	wait := func() {
		for _, h := range pending {
			if h != caller {
				<-h.done
			}
		}
	}
	if caller == nil {
		wait()
	} else {
		caller.currentExecution().await(ctx, wait)
	}
	var errs []error
	for _, h := range pending {
		if err := h.Err(); err != nil {
			errs = append(errs, err)
		}
	}
	return join(errs)
}

// ask asks those tasks to stop that were not asked before, and sees to it that
// they do by the end of the grace, or of ctx. It returns those that are not over.
func (r *Runner) ask(ctx context.Context, handles []*Handle) []*Handle {
	ctx, cancel := context.WithTimeout(ctx, r.config.grace)
	var asked []execution
	var pending []*Handle
	r.mu.Lock()
	for _, h := range handles {
		if x := h.askLocked(); x != nil {
			asked = append(asked, x)
		}
		if !h.over {
			pending = append(pending, h)
		}
	}
	r.enforcing++
	r.mu.Unlock()
	for _, x := range asked {
		x.stop(ctx, task.ErrStopped)
	}
	go func() { // ends with the last of pending: checkEndLocked waits for it
		defer cancel()
		r.enforce(ctx, pending)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.enforcing--
		r.checkEndLocked()
	}()
	return pending
}

// enforce waits for the tasks, and insists on those that are not over when ctx
// ends.
func (r *Runner) enforce(ctx context.Context, pending []*Handle) {
	for _, h := range pending {
		select {
		case <-h.done:
		case <-ctx.Done():
		}
	}
	var killed []*Handle
	for _, h := range pending {
		if h.insist() {
			killed = append(killed, h)
		}
	}
	patience := time.NewTimer(reapTimeout)
	defer patience.Stop()
	for _, h := range killed {
		select {
		case <-h.done:
		case <-patience.C:
			patience.Reset(0)
			h.abandon()
		}
	}
}

// caller finds the task that is calling: by its ctx, or where it gave another by
// its stack.
func (r *Runner) caller(ctx context.Context, handles []*Handle) *Handle {
	if t, ok := task.HostOf(ctx).(taskHost); ok && t.runner == r {
		return t.Handle
	}
	trace := attempt.Here()
	if trace == "" {
		return nil
	}
	for _, h := range handles {
		if x := h.currentExecution(); x != nil && x.runs(trace) {
			return h
		}
	}
	return nil
}
