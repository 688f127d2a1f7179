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
	running bool          // the task's Run was called
	ended   bool          // and has returned
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

// End is how an attempt ended.
type End struct {
	// Result is what the task returned, as JSON; nil if it returned nil.
	Result json.RawMessage
	// Err is nil if the task succeeded. A panic and a Goexit are a *task.PanicError.
	Err error
	// Clean says that Err is what a task returns that was asked to stop.
	Clean bool
}

// Run executes the task and calls done exactly once, as the attempt's last act.
// It blocks until then; after a Goexit of the task it does not return to its
// caller. It is called at most once.
func (a *Attempt) Run(done func(End)) {
	var end End
	task.Guard(func() {
		value, err := a.task.Run(a.ctx)
		end.Err = err
		if value != nil {
			end.Result, err = json.Marshal(value)
			if err != nil {
				end.Err = errors.Join(end.Err, fmt.Errorf("%w: %w", task.ErrBadResult, err))
			} else if string(end.Result) == "null" {
				end.Result = nil
			}
		}
		end.Clean = clean(end.Err) // calls methods of the task's error: they may panic too
	}, func(p *task.PanicError) {
		if p != nil {
			end.Err, end.Clean = p, false
		}
		if stopErr := a.awaitStop(); stopErr != nil {
			stopErr = fmt.Errorf("stop: %w", stopErr)
			if !end.Clean {
				stopErr = errors.Join(end.Err, stopErr)
			}
			end.Err, end.Clean = stopErr, false
		}
		a.cancel(context.Canceled) // ends what the task left waiting on ctx
		done(end)
	})
}

// begin reports whether the task shall run.
func (a *Attempt) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running = a.ctx.Err() == nil
	return a.running
}

func clean(err error) bool {
	return err == nil || errors.Is(err, task.ErrStopped) || errors.Is(err, task.ErrHostGone) ||
		errors.Is(err, context.Canceled)
}

// awaitStop waits for a Stop in progress and returns the Stopper's error. From
// here on, Stop does nothing.
func (a *Attempt) awaitStop() error {
	a.mu.Lock()
	a.ended = true
	stopped := a.stopped
	a.mu.Unlock()
	if stopped == nil {
		return nil
	}
	select {
	case <-stopped:
	default:
		_, _ = task.Await(a.ctx, func(context.Context) (any, error) {
			<-stopped
			return nil, nil
		})
	}
	return a.stopErr
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
	stopper, ok := a.task.(task.Stopper)
	if !ok || !a.running {
		defer a.mu.Unlock() // before the task begins, or not at all
		a.cancel(cause)
		close(a.stopped)
		return
	}
	a.mu.Unlock()
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
