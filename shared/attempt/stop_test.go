package attempt_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestStopCancelsWithItsCause(t *testing.T) {
	for _, cause := range []error{task.ErrStopped, task.ErrHostGone} {
		running := make(chan struct{})
		a := attempt.New(t.Context(), of(untilStopped(running)))
		ends := begin(a)
		<-running
		if a.HasStopper() {
			t.Error("a task without Stop has a Stopper")
		}
		a.Stop(t.Context(), cause)
		if end := ended(t, ends); !errors.Is(end.Err, cause) || !end.Clean || !end.Started {
			t.Errorf("after %v it ended with %+v", cause, end)
		}
	}
}

// TestResultAfterStopIsKept, also with the error that a task returns that was
// asked to stop.
func TestResultAfterStopIsKept(t *testing.T) {
	running := make(chan struct{})
	a := attempt.New(t.Context(), of(task.Func(func(ctx context.Context) (any, error) {
		close(running)
		<-ctx.Done()
		return "so far", ctx.Err()
	})))
	ends := begin(a)
	<-running
	a.Stop(t.Context(), task.ErrStopped)
	if end := ended(t, ends); string(end.Result) != `"so far"` || !end.Clean {
		t.Errorf("it ended with %+v", end)
	}
}

// TestStopBeforeRun: the task does not run, and its Stopper is not asked.
func TestStopBeforeRun(t *testing.T) {
	a := attempt.New(t.Context(), of(stoppable{
		func(context.Context) (any, error) { t.Error("it ran"); return nil, nil },
		func(context.Context) error { t.Error("its Stopper was asked"); return nil },
	}))
	a.Stop(t.Context(), task.ErrStopped)
	a.Run(func() { t.Error("it started") }, func(end attempt.End) {
		if end.Started || !end.Clean || !errors.Is(end.Err, task.ErrStopped) {
			t.Errorf("it ended with %+v", end)
		}
	})
}

// TestStopDuringMake: the Maker's ctx ends, and what it makes all the same does
// not run.
func TestStopDuringMake(t *testing.T) {
	for name, made := range map[string]task.Task{
		"makes nothing": nil,
		"makes a task": stoppable{
			func(context.Context) (any, error) { t.Error("it ran"); return nil, nil },
			func(context.Context) error { t.Error("its Stopper was asked"); return nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			making := make(chan struct{})
			a := attempt.New(t.Context(), func(ctx context.Context) (task.Task, error) {
				close(making)
				<-ctx.Done()
				if made == nil {
					return nil, context.Cause(ctx)
				}
				return made, nil
			})
			ends := begin(a)
			<-making
			a.Stop(t.Context(), task.ErrStopped)
			if end := ended(t, ends); end.Started || !end.Clean || !errors.Is(end.Err, task.ErrStopped) {
				t.Errorf("it ended with %+v", end)
			}
		})
	}
}

// TestBeginStop does not block: without a Stopper that was the stop, else the Stopper is
// still to be asked, and until it was the attempt does not end.
func TestBeginStop(t *testing.T) {
	running := make(chan struct{})
	plain := attempt.New(t.Context(), of(untilStopped(running)))
	ends := begin(plain)
	<-running
	if plain.BeginStop(task.ErrStopped) != nil {
		t.Error("there is something to ask")
	}
	if end := ended(t, ends); !errors.Is(end.Err, task.ErrStopped) {
		t.Errorf("it ended with %+v", end)
	}
	asked, running := make(chan error, 1), make(chan struct{})
	a := attempt.New(t.Context(), of(stoppable{
		func(ctx context.Context) (any, error) { close(running); <-ctx.Done(); return nil, nil },
		func(ctx context.Context) error { asked <- ctx.Err(); return nil },
	}))
	ends = begin(a)
	<-running
	ask := a.BeginStop(task.ErrStopped)
	if ask == nil || a.BeginStop(task.ErrStopped) != nil {
		t.Fatal("the Stopper is to be asked once")
	}
	ask(t.Context())
	if err := <-asked; err != nil {
		t.Error(err)
	}
	if end := ended(t, ends); end.Err != nil || !end.Clean {
		t.Errorf("it ended with %+v", end)
	}
}

func TestStopAfterTheEndDoesNothing(t *testing.T) {
	a := attempt.New(t.Context(), of(stoppable{
		func(context.Context) (any, error) { return nil, nil },
		func(context.Context) error { t.Error("its Stopper was asked"); return nil },
	}))
	if end := ended(t, begin(a)); end.Err != nil {
		t.Errorf("it ended with %+v", end)
	}
	a.Stop(t.Context(), task.ErrStopped)
}

// TestCancelledFromOutside: to cancel the attempt's ctx asks no Stopper.
func TestCancelledFromOutside(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	running := make(chan struct{})
	a := attempt.New(ctx, of(stoppable{
		untilStopped(running).Run,
		func(context.Context) error { t.Error("its Stopper was asked"); return nil },
	}))
	ends := begin(a)
	<-running
	cancel(task.ErrHostGone)
	if end := ended(t, ends); !errors.Is(end.Err, task.ErrHostGone) || !end.Clean {
		t.Errorf("it ended with %+v", end)
	}
}

// TestStopAndEndAtOnce races a Stop with a task that ends by itself: whoever is
// first, it ends once, and the Stopper is asked only while there is something to stop.
func TestStopAndEndAtOnce(t *testing.T) {
	for range 200 {
		var over atomic.Bool
		a := attempt.New(t.Context(), of(stoppable{
			func(context.Context) (any, error) { return nil, nil },
			func(context.Context) error {
				if over.Load() {
					t.Error("the Stopper was asked after the end")
				}
				return nil
			},
		}))
		var all sync.WaitGroup
		all.Go(func() { a.Stop(t.Context(), task.ErrStopped) })
		end := ended(t, begin(a))
		over.Store(true)
		if end.Err != nil && !errors.Is(end.Err, task.ErrStopped) {
			t.Errorf("it ended with %+v", end)
		}
		all.Wait()
	}
}

// TestEndOnALoopWaitsOffTheLoop: with a scheduler on ctx, an attempt that waits
// for its Stop gives the loop to others, for Stop may need it.
func TestEndOnALoopWaitsOffTheLoop(t *testing.T) {
	s := &awaiting{waits: make(chan struct{})}
	running, shutdown := make(chan struct{}), make(chan struct{})
	a := attempt.New(task.WithScheduler(t.Context(), s), of(stoppable{
		func(context.Context) (any, error) { close(running); <-shutdown; return nil, nil },
		func(context.Context) error { close(shutdown); <-s.waits; return nil },
	}))
	ends := begin(a)
	<-running
	var stopping sync.WaitGroup
	stopping.Go(func() { a.Stop(t.Context(), task.ErrStopped) })
	if end := ended(t, ends); end.Err != nil {
		t.Errorf("it ended with %+v", end)
	}
	stopping.Wait()
}

// awaiting is a scheduler that says when it is asked to wait.
type awaiting struct {
	task.Scheduler
	waits chan struct{}
}

func (s *awaiting) Await(f func()) { close(s.waits); f() }
