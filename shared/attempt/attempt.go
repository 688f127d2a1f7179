// Package attempt runs one attempt of a task in this process: it catches panics,
// encodes the result, and turns a request to stop into what the task sees of it.
// Both sides of the process boundary use it, the host for tasks of its own
// process and the plugin SDK for those that a host sends it, so that a stop, a
// panic and a result mean the same in every mode. Authors of tasks do not need it.
package attempt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Attempt is one execution of one Task. Make it with [New].
type Attempt struct {
	task   task.Task
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	ended   bool          // Run of the task has returned
	stopped chan struct{} // nil until a stop was asked; closed after stopErr is set
	stopErr error
}

// New prepares an attempt of t. The ctx that t.Run gets is a child of ctx, which
// carries the attempt's task.Host; to cancel ctx itself is to cancel the attempt
// without asking its Stopper.
func New(ctx context.Context, t task.Task) *Attempt {
	a := &Attempt{task: t}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	return a
}

// Run executes the task and calls done exactly once, as the attempt's last act,
// with the result as JSON (nil if there is none to keep) and the error. It
// blocks until then. A panic and a Goexit arrive as a *task.PanicError; after a
// Goexit Run does not return to its caller. It is called at most once.
func (a *Attempt) Run(done func(result json.RawMessage, err error)) {
	var (
		value  any
		err    error
		result json.RawMessage
	)
	task.Guard(func() {
		value, err = a.task.Run(a.ctx)
		if value == nil {
			return
		}
		var bad error
		if result, bad = json.Marshal(value); bad != nil {
			result, err = nil, errors.Join(err, fmt.Errorf("%w: %w", task.ErrBadResult, bad))
		}
	}, func(p *task.PanicError) {
		if p != nil {
			err = p
		}
		err = a.end(err)
		a.cancel(context.Canceled) // frees what waits on ctx
		done(result, err)
	})
}

// end waits for a Stop in progress and adds its error to the task's.
func (a *Attempt) end(err error) error {
	a.mu.Lock()
	a.ended = true
	stopped := a.stopped
	a.mu.Unlock()
	if stopped == nil {
		return err
	}
	select {
	case <-stopped:
	default:
		_, _ = task.Await(a.ctx, func(context.Context) (any, error) {
			<-stopped
			return nil, nil
		})
	}
	switch {
	case a.stopErr == nil:
		return err
	case err == nil, Clean(err):
		return fmt.Errorf("stop: %w", a.stopErr)
	default:
		return errors.Join(err, fmt.Errorf("stop: %w", a.stopErr))
	}
}

// Clean reports whether err is a clean end after a requested stop.
func Clean(err error) bool {
	return err == nil || errors.Is(err, task.ErrStopped) || errors.Is(err, task.ErrHostGone) ||
		errors.Is(err, context.Canceled)
}

// Stop asks the task to stop: its Stopper first, if it has one, and then by
// cancelling its ctx with cause. ctx carries the end of the grace as its
// deadline and, in async mode, the scheduler of the coroutine that Stop runs on.
// Stop blocks as long as the Stopper does. The first call counts, another
// returns at once; a call after the task has ended does nothing.
func (a *Attempt) Stop(ctx context.Context, cause error) {
	a.mu.Lock()
	if a.stopped != nil || a.ended {
		a.mu.Unlock()
		return
	}
	a.stopped = make(chan struct{})
	a.mu.Unlock()

	stopper, ok := a.task.(task.Stopper)
	if !ok {
		a.cancel(cause)
		close(a.stopped)
		return
	}
	if deadline, ok := ctx.Deadline(); ok {
		impatient := time.AfterFunc(time.Until(deadline)/2, func() { a.cancel(cause) })
		defer impatient.Stop()
	}
	task.Guard(func() { a.stopErr = stopper.Stop(ctx) }, func(p *task.PanicError) {
		if p != nil {
			a.stopErr = p
		}
		a.cancel(cause)
		close(a.stopped)
	})
}
