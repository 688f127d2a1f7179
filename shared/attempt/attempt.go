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
	"runtime"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Attempt is one execution of one task. Make it with [New], or have one in a struct
// of your own and call [Attempt.Init].
type Attempt struct {
	maker  Maker
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	stopper task.Stopper // the running task's, if it has one
	ended   bool         // the task's Run has returned, or will not be called
	asked   bool         // to stop
	asking  *asking      // its stopper, or nil
}

// asking is the call of a Stopper.
type asking struct {
	done chan struct{} // closed after err is set
	err  error
}

// Maker makes the task of an attempt. It returns when ctx ends: a request to stop
// may come before there is a task.
type Maker func(ctx context.Context) (task.Task, error)

// Begun is implemented by a task that runs already when its Maker returns, in
// another process. Its Run is called even if a stop came in between, to see it end.
// It returns nil or, as a json.RawMessage, what json.Marshal has made there.
type Begun interface{ Begun() }

// Of is the Maker of a kind in this process.
func Of(k task.Kind, config json.RawMessage) Maker {
	return func(context.Context) (task.Task, error) { return k.New(config) }
}

// New prepares an attempt. The ctx that the task gets is a child of ctx, which
// carries the attempt's task.Host; to cancel ctx itself is to cancel the attempt
// without asking its Stopper.
func New(ctx context.Context, maker Maker) *Attempt {
	a := new(Attempt)
	a.Init(ctx, maker)
	return a
}

// Init makes of the zero Attempt what New returns: a host that holds much of an
// attempt has all of it in one place.
func (a *Attempt) Init(ctx context.Context, maker Maker) {
	a.maker = maker
	a.ctx, a.cancel = context.WithCancelCause(ctx)
}

// End is how an attempt ended.
type End struct {
	// Started says that there was a task: if not, Err is why it was not made.
	Started bool
	// Result is what the task returned, as JSON; nil if it returned nil.
	Result json.RawMessage
	// Err is nil if the task succeeded. A panic and a Goexit are a *task.PanicError.
	Err error
	// Panic is the panic in Err, or nil.
	Panic *task.PanicError
	// Clean says that Err is what a task returns that was asked to stop.
	Clean bool
	// Final says that another attempt would fail alike: Err was marked by
	// task.Permanent, or is a task.ErrUnknownKind or task.ErrBadConfig.
	Final bool
	// Text is Err's. To call the methods of a task's error is to run its code: who
	// holds a lock must not.
	Text string
}

// Run makes the task, calls started, runs the task, and calls done exactly once,
// as the attempt's last act. It blocks until then; after a Goexit of the task it
// does not return to its caller. It is called at most once. A task that was asked
// to stop before it began does not run.
func (a *Attempt) Run(started func(), done func(End)) {
	var end End
	task.Guard(func() {
		end.Result, end.Err = a.run(func() { end.Started = true; started() })
		end.Clean = clean(end.Err) // calls methods of the task's error: they may panic too
		if !plain(end.Err) {
			end.Panic, _ = errors.AsType[*task.PanicError](end.Err)
		}
	}, func(p *task.PanicError) {
		if p != nil {
			end.Err, end.Panic, end.Clean = p, p, false
		}
		if err := a.awaitStop(); err != nil {
			end.stopFailed(err)
		}
		a.cancel(context.Canceled) // ends what the task left waiting on ctx
		end.describe()
		done(end)
	})
}

// describe reads what is to be known of the error.
func (e *End) describe() {
	switch {
	case e.Err == nil:
		return
	case plain(e.Err):
		e.Text = e.Err.Error()
		return
	}
	task.Guard(func() {
		e.Text = "its error's Error method does not return"
		e.Text = fmt.Sprint(e.Err) // survives one that panics
		e.Final = task.IsPermanent(e.Err) || errors.Is(e.Err, task.ErrUnknownKind) || errors.Is(e.Err, task.ErrBadConfig)
	}, func(*task.PanicError) {})
}

// stopFailed adds what the task's Stop returned.
func (e *End) stopFailed(err error) {
	if e.Panic == nil {
		task.Guard(func() { e.Panic, _ = errors.AsType[*task.PanicError](err) }, func(p *task.PanicError) {
			if p != nil { // in a method of err
				e.Panic = p
			}
		})
	}
	err = fmt.Errorf("stop: %w", err)
	if !e.Clean {
		err = errors.Join(e.Err, err)
	}
	e.Err, e.Clean = err, false
}

// run keeps a alive and in its first argument for as long as the task runs: Trace
// looks for it.
//
//go:noinline
func (a *Attempt) run(started func()) (json.RawMessage, error) {
	t, err := a.maker(a.ctx)
	if err != nil {
		return nil, err
	}
	if !a.begin(t) {
		return nil, context.Cause(a.ctx)
	}
	started()
	value, err := t.Run(a.ctx)
	result, encoded := value.(json.RawMessage)
	if _, begun := t.(Begun); value == nil || encoded && begun {
		return result, err
	}
	result, err = encode(value, err)
	runtime.KeepAlive(a)
	return result, err
}

// encode is the end of run, but not on the stack while the task runs: a million of
// them may wait, each on the 2 KB that Go begins with.
//
//go:noinline
func encode(value any, err error) (json.RawMessage, error) {
	result, bad := json.Marshal(value)
	switch {
	case bad != nil:
		return nil, errors.Join(err, fmt.Errorf("%w: %w", task.ErrBadResult, bad))
	case string(result) == "null":
		return nil, err
	}
	return result, err
}

// begin reports whether the task shall run; from then on its Stopper is asked.
func (a *Attempt) begin(t task.Task) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopper, _ = t.(task.Stopper)
	_, begun := t.(Begun)
	return begun || a.ctx.Err() == nil
}

func clean(err error) bool {
	return plain(err) || errors.Is(err, task.ErrStopped) || errors.Is(err, task.ErrHostGone) ||
		errors.Is(err, context.Canceled)
}

// plain reports whether err is nil or one of the very errors that almost every task
// returns that was asked to stop: nothing needs to be looked for in them.
func plain(err error) bool {
	return err == nil || err == task.ErrStopped || err == context.Canceled //nolint:errorlint // not what wraps them
}

// awaitStop waits for a Stop in progress and returns the Stopper's error. From
// here on, Stop does nothing.
func (a *Attempt) awaitStop() error {
	a.mu.Lock()
	a.ended = true
	asking := a.asking
	a.mu.Unlock()
	if asking == nil {
		return nil
	}
	select {
	case <-asking.done:
	default:
		_, _ = task.Await(a.ctx, func(context.Context) (any, error) {
			<-asking.done
			return nil, nil
		})
	}
	return asking.err
}

// Stop asks the task to stop: its Stopper first, if it has one, and then by
// cancelling its ctx with cause. ctx carries the end of the grace as its
// deadline and, in async mode, the scheduler of the coroutine that Stop runs on;
// the Stopper gets it with the attempt's task.Host.
// Stop blocks as long as the Stopper does. The first call counts, another
// returns at once; a call after the task has ended does nothing.
func (a *Attempt) Stop(ctx context.Context, cause error) {
	if stopper := a.beginStop(cause); stopper != nil {
		a.askInTime(ctx, stopper, cause)
	}
}

// BeginStop is [Attempt.Stop] without what blocks: that is the function that it returns,
// which the caller must call, or nil if there is nothing more to do.
func (a *Attempt) BeginStop(cause error) (ask func(ctx context.Context)) {
	stopper := a.beginStop(cause)
	if stopper == nil {
		return nil
	}
	return func(ctx context.Context) { a.askInTime(ctx, stopper, cause) }
}

// beginStop returns the Stopper to ask. Without one, that was the stop.
func (a *Attempt) beginStop(cause error) task.Stopper {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.asked, a.ended:
		return nil
	case a.stopper == nil: // or the task has not begun, and now it will not
		a.cancel(cause)
	default:
		a.asking = &asking{done: make(chan struct{})}
	}
	a.asked = true
	return a.stopper
}

// askInTime asks the Stopper, and cancels when it has been asked, or for too long.
func (a *Attempt) askInTime(ctx context.Context, stopper task.Stopper, cause error) {
	if deadline, ok := ctx.Deadline(); ok {
		impatient := time.AfterFunc(time.Until(deadline)/2, func() { a.cancel(cause) })
		defer impatient.Stop()
	}
	task.Guard(func() { a.asking.err = a.ask(ctx, stopper) }, func(p *task.PanicError) {
		if p != nil {
			a.asking.err = p
		}
		a.cancel(cause)
		close(a.asking.done)
	})
}

// ask calls the Stopper, with the task's own Host on its ctx: ctx is that of who
// asks, which may be another task. Trace looks for a here too.
//
//go:noinline
func (a *Attempt) ask(ctx context.Context, stopper task.Stopper) error {
	err := stopper.Stop(task.WithHost(ctx, task.HostOf(a.ctx)))
	runtime.KeepAlive(a)
	return err
}

// Owns reports whether ctx is the very one that the task got, which ends by Stop, and
// at the end of Run or of New's ctx.
func (a *Attempt) Owns(ctx context.Context) bool { return ctx == a.ctx }

// HasStopper reports whether the running task has a Stopper, on which Stop blocks.
func (a *Attempt) HasStopper() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopper != nil
}
