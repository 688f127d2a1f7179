package attempt_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestStopperIsAskedOnceAndFirst: by a hundred at once.
func TestStopperIsAskedOnceAndFirst(t *testing.T) {
	var asked atomic.Int32
	var taskCtx context.Context
	running, asking, answer := make(chan struct{}), make(chan struct{}), make(chan struct{})
	a := attempt.New(t.Context(), of(stoppable{
		func(ctx context.Context) (any, error) {
			taskCtx = ctx
			close(running)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		},
		func(context.Context) error {
			if asked.Add(1) == 1 {
				close(asking)
			}
			<-answer
			if err := taskCtx.Err(); err != nil {
				t.Errorf("ctx ended before the Stopper had returned: %v", err)
			}
			return nil
		},
	}))
	if a.HasStopper() {
		t.Error("it has a Stopper before there is a task")
	}
	ends := begin(a)
	<-running
	if !a.HasStopper() {
		t.Error("it has no Stopper")
	}
	var first sync.WaitGroup
	first.Go(func() { a.Stop(t.Context(), task.ErrStopped) })
	<-asking
	var others sync.WaitGroup
	for range 100 {
		others.Go(func() { a.Stop(t.Context(), task.ErrHostGone) })
	}
	others.Wait() // they return while the first waits for the Stopper
	close(answer)
	first.Wait()
	if end := ended(t, ends); !errors.Is(end.Err, task.ErrStopped) || !end.Clean || asked.Load() != 1 {
		t.Errorf("asked %d times, it ended with %+v", asked.Load(), end)
	}
}

// TestPatience: half of the grace is the Stopper's, the rest is Run's.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		grace     time.Duration // 0 is none
		stopTakes time.Duration // 0 is until its ctx ends
		cancelled time.Duration // after the request
		ended     time.Duration
	}{
		"a slow Stopper":           {10 * time.Second, 8 * time.Second, 5 * time.Second, 8 * time.Second},
		"one that uses all":        {10 * time.Second, 0, 5 * time.Second, 10 * time.Second},
		"a quick one":              {10 * time.Second, time.Second, time.Second, time.Second},
		"without a deadline":       {0, time.Hour, time.Hour, time.Hour},
		"a grace that was over":    {-time.Second, 2 * time.Second, 0, 2 * time.Second},
		"later than its own grace": {10 * time.Second, 30 * time.Second, 5 * time.Second, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked, cancelled time.Time
				running := make(chan struct{})
				a := attempt.New(t.Context(), of(stoppable{
					func(ctx context.Context) (any, error) {
						close(running)
						<-ctx.Done()
						cancelled = time.Now()
						return nil, nil
					},
					func(ctx context.Context) error {
						if c.stopTakes > 0 {
							ctx, _ = withGrace(c.stopTakes)
						}
						<-ctx.Done()
						return nil
					},
				}))
				ends := begin(a)
				<-running
				ctx := context.Background()
				if c.grace != 0 {
					var cancel context.CancelFunc
					ctx, cancel = withGrace(c.grace)
					defer cancel()
				}
				asked = time.Now()
				a.Stop(ctx, task.ErrStopped)
				if end := ended(t, ends); end.Err != nil || !end.Clean {
					t.Errorf("it ended with %+v", end)
				}
				if got := cancelled.Sub(asked); got != c.cancelled {
					t.Errorf("ctx ended after %v, want %v", got, c.cancelled)
				}
				if got := time.Since(asked); got != c.ended {
					t.Errorf("the attempt ended after %v, want %v", got, c.ended)
				}
			})
		})
	}
}

// TestEndWaitsForStop: Run may return while Stop is still at work.
func TestEndWaitsForStop(t *testing.T) {
	boom := errors.New("boom")
	running, shutdown, finish := make(chan struct{}), make(chan struct{}), make(chan struct{})
	a := attempt.New(t.Context(), of(stoppable{
		func(context.Context) (any, error) { close(running); <-shutdown; return "served", nil },
		func(context.Context) error { close(shutdown); <-finish; return boom },
	}))
	ends := begin(a)
	<-running
	var stopping sync.WaitGroup
	stopping.Go(func() { a.Stop(t.Context(), task.ErrStopped) })
	<-shutdown
	select {
	case end := <-ends:
		t.Errorf("it ended before Stop had returned: %+v", end)
	default:
	}
	close(finish)
	end := ended(t, ends)
	if !errors.Is(end.Err, boom) || end.Clean || string(end.Result) != `"served"` {
		t.Errorf("it ended with %+v", end)
	}
	stopping.Wait()
}

func TestStopErrors(t *testing.T) {
	boom, stuck := errors.New("boom"), errors.New("stuck")
	for name, c := range map[string]struct {
		run   error
		stop  func(context.Context) error
		want  string
		is    []error
		panic string
	}{
		"of Stop alone":    {nil, func(context.Context) error { return stuck }, "stop: stuck", []error{stuck}, ""},
		"after a stop":     {task.ErrStopped, func(context.Context) error { return stuck }, "stop: stuck", []error{stuck}, ""},
		"of both":          {boom, func(context.Context) error { return stuck }, "boom\nstop: stuck", []error{boom, stuck}, ""},
		"a panic":          {nil, func(context.Context) error { panic(stuck) }, "stop: panic: stuck", []error{stuck}, "stuck"},
		"a panic, wrapped": {nil, func(context.Context) error { return errors.Join(&task.PanicError{Value: "stuck"}) }, "stop: panic: stuck", nil, "stuck"},
		"a Goexit":         {nil, func(context.Context) error { runtime.Goexit(); return nil }, "stop: panic: runtime.Goexit called", nil, "runtime.Goexit called"},
		"a panic of both":  {&task.PanicError{Value: "first"}, func(context.Context) error { panic(stuck) }, "panic: first\nstop: panic: stuck", []error{stuck}, "first"},
	} {
		t.Run(name, func(t *testing.T) {
			running := make(chan struct{})
			a := attempt.New(t.Context(), of(stoppable{
				func(ctx context.Context) (any, error) { close(running); <-ctx.Done(); return nil, c.run },
				c.stop,
			}))
			ends := begin(a)
			<-running
			var stopping sync.WaitGroup
			stopping.Go(func() { a.Stop(t.Context(), task.ErrStopped) })
			end := ended(t, ends)
			stopping.Wait()
			if end.Err == nil || end.Err.Error() != c.want || end.Clean {
				t.Fatalf("it ended with %+v, want %q", end, c.want)
			}
			for _, want := range c.is {
				if !errors.Is(end.Err, want) {
					t.Errorf("%v is not %v", end.Err, want)
				}
			}
			if (end.Panic != nil) != (c.panic != "") || end.Panic != nil && end.Panic.Value != c.panic {
				t.Errorf("Panic is %v, want %q", end.Panic, c.panic)
			}
		})
	}
}
