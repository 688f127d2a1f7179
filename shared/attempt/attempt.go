// Package attempt runs one attempt of a task in this process: it catches panics,
// encodes the result, and turns a request to stop into what the task sees of it.
// Both sides of the process boundary use it, the host for tasks of its own
// process and the plugin SDK for those that a host sends it, so that a stop, a
// panic and a result mean the same in every mode. Authors of tasks do not need it.
package attempt

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Attempt is one execution of one task. Make it with [New]; or have one in a struct of
// your own that is its [Owner], call [Attempt.Init], and run it with [Attempt.RunFor].
type Attempt struct {
	parent context.Context
	closed atomic.Pointer[closing] // why the task's ctx has ended, or nil; written under mu

	mu     sync.Mutex
	made   context.Context         // that the task's ctx stands for; nil until it must
	cancel context.CancelCauseFunc // made's
	began  bool                    // the task's Run was, or will be, called
	ended  bool                    // it has returned, or will not be called
	asked  bool                    // to stop
	more   *more                   // nil until there is any
}

// more is what most attempts do without.
type more struct {
	maker   Maker    // New's
	stopper *stopper // the running task's
}

func (a *Attempt) moreLocked() *more {
	if a.more == nil {
		a.more = new(more)
	}
	return a.more
}

// stopper is a task's Stopper.
type stopper struct {
	task.Stopper
	asked chan struct{} // made when it is asked; closed after err is set
	err   error
}

// Owner is who has an attempt. RunFor calls its methods, each once at most, in the order
// in which they stand here.
type Owner interface {
	// Make makes the task. It returns when ctx ends: a request to stop may come before
	// there is a task.
	Make(ctx context.Context) (task.Task, error)
	// Started is called when the task runs.
	Started()
	// Ended is called exactly once, as the attempt's last act. Nobody may change end,
	// which attempts share that have ended alike.
	Ended(end *End)
}

// Maker is an Owner's Make.
type Maker func(ctx context.Context) (task.Task, error)

// functions are the Owner of an attempt that New made.
type functions struct {
	maker   Maker
	started func()
	ended   func(End)
}

func (f *functions) Make(ctx context.Context) (task.Task, error) { return f.maker(ctx) }
func (f *functions) Started()                                    { f.started() }
func (f *functions) Ended(end *End)                              { f.ended(*end) }

// Begun is implemented by a task that runs already when it has been made, in
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
	a := &Attempt{more: &more{maker: maker}}
	a.Init(ctx)
	return a
}

// Init makes of the zero Attempt what New returns, but for the Maker: a host that holds
// much of an attempt has all of it in one place.
func (a *Attempt) Init(ctx context.Context) {
	a.parent = ctx
	if ctx.Done() != nil {
		a.scope().realizeLocked() // nobody has it yet
	}
}

// scope is the task's ctx.
func (a *Attempt) scope() *scope { return (*scope)(a) }

// Run makes the task, calls started, runs the task, and calls ended exactly once,
// as the attempt's last act. It blocks until then; after a Goexit of the task it
// does not return to its caller. It is called at most once. A task that was asked
// to stop before it began does not run.
func (a *Attempt) Run(started func(), ended func(End)) {
	a.RunFor(&functions{a.more.maker, started, ended})
}

// RunFor is Run for the attempt's Owner. It is all that is on the stack between a host
// and a task, and so is small: a million tasks may wait, each on the 2 KB that Go begins
// with. It keeps a alive and in its first argument: Trace looks for it.
//
//go:noinline
func (a *Attempt) RunFor(o Owner) {
	var end *End // nil: the task panicked, or its result
	defer func() {
		if end == nil {
			p := task.Caught(recover())
			end = &End{Started: a.began, Err: p, Panic: p}
		}
		a.over(o, end)
	}()
	t, err := o.Make(a.scope())
	switch {
	case err != nil:
		end = &End{Err: err}
	case !a.begin(t):
		end = &End{Err: context.Cause(a.scope())}
	default:
		o.Started()
		value, err := t.Run(a.scope())
		end = ended(t, value, err)
	}
	end.judge()
	runtime.KeepAlive(a)
}

// over is what is to be done once the task's own code is through.
func (a *Attempt) over(o Owner, end *End) {
	if err := a.awaitStop(); err != nil {
		end = end.stopFailed(err)
	}
	a.scope().close(atTheEnd) // ends what the task left waiting on ctx
	end.describe()
	o.Ended(end)
}

// begin reports whether the task shall run; from then on its Stopper is asked.
func (a *Attempt) begin(t task.Task) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s, ok := t.(task.Stopper); ok {
		a.moreLocked().stopper = &stopper{Stopper: s}
	}
	_, begun := t.(Begun)
	a.began = begun || a.closed.Load() == nil && a.parent.Err() == nil
	return a.began
}

// awaitStop waits for a Stop in progress and returns the Stopper's error. From
// here on, Stop does nothing.
func (a *Attempt) awaitStop() error {
	a.mu.Lock()
	a.ended = true
	s := a.stopperLocked()
	a.mu.Unlock()
	if s == nil || s.asked == nil {
		return nil
	}
	select {
	case <-s.asked:
	default:
		_, _ = task.Await(a.scope(), func(context.Context) (any, error) {
			<-s.asked
			return nil, nil
		})
	}
	return s.err
}

// Stop asks the task to stop: its Stopper first, if it has one, and then by
// cancelling its ctx with cause. ctx carries the end of the grace as its
// deadline and, in async mode, the scheduler of the coroutine that Stop runs on;
// the Stopper gets it with the attempt's task.Host.
// Stop blocks as long as the Stopper does. The first call counts, another
// returns at once; a call after the task has ended does nothing.
func (a *Attempt) Stop(ctx context.Context, cause error) {
	if ask := a.BeginStop(cause); ask != nil {
		ask(ctx)
	}
}

// BeginStop is [Attempt.Stop] without what blocks: that is the function that it returns,
// which the caller must call, or nil if there is nothing more to do.
func (a *Attempt) BeginStop(cause error) (ask func(ctx context.Context)) {
	s, end := a.beginStop(cause)
	end.call()
	if s == nil {
		return nil
	}
	return func(ctx context.Context) { a.askInTime(ctx, s, cause) }
}

// beginStop returns the Stopper to ask. Without one, that was the stop, but for what is
// to be called after it.
func (a *Attempt) beginStop(cause error) (s *stopper, end ending) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked || a.ended {
		return nil, end
	}
	a.asked = true
	if s = a.stopperLocked(); s == nil { // or the task has not begun, and now it will not
		return nil, a.scope().closeLocked(closingFor(cause))
	}
	s.asked = make(chan struct{})
	return s, end
}

// askInTime asks the Stopper, and cancels when it has been asked, or for too long.
func (a *Attempt) askInTime(ctx context.Context, s *stopper, cause error) {
	why := closingFor(cause)
	if deadline, ok := ctx.Deadline(); ok {
		impatient := time.AfterFunc(time.Until(deadline)/2, func() { a.scope().close(why) })
		defer impatient.Stop()
	}
	task.Guard(func() { s.err = a.ask(ctx, s) }, func(p *task.PanicError) {
		if p != nil {
			s.err = p
		}
		a.scope().close(why)
		close(s.asked)
	})
}

// ask calls the Stopper, with the task's own Host on its ctx: ctx is that of who
// asks, which may be another task. Trace looks for a here too.
//
//go:noinline
func (a *Attempt) ask(ctx context.Context, s *stopper) error {
	err := s.Stop(task.WithHost(ctx, task.HostOf(a.parent)))
	runtime.KeepAlive(a)
	return err
}

// Context is the ctx that the task gets. It ends by Stop, at the end of Run, and soon
// after New's.
func (a *Attempt) Context() context.Context { return a.scope() }

// HasStopper reports whether the running task has a Stopper, on which Stop blocks.
func (a *Attempt) HasStopper() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopperLocked() != nil
}

func (a *Attempt) stopperLocked() *stopper {
	if a.more == nil {
		return nil
	}
	return a.more.stopper
}
