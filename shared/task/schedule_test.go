package task_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestSleepPlain(t *testing.T) {
	tooLate := errors.New("too late")
	for _, c := range []struct {
		name  string
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		sleep time.Duration
		takes time.Duration
		err   error
	}{
		{"to its end", plain, time.Minute, time.Minute, nil},
		{"zero", plain, 0, 0, nil},
		{"negative", plain, -time.Minute, 0, nil},
		{"stopped meanwhile", stoppedAfter(time.Second, task.ErrStopped), time.Minute, time.Second, task.ErrStopped},
		{"stopped before", stoppedAfter(0, task.ErrHostGone), time.Minute, 0, task.ErrHostGone},
		{"cancelled without a cause", stoppedAfter(time.Second, nil), time.Minute, time.Second, context.Canceled},
		{"a deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, time.Second, tooLate)
		}, time.Minute, time.Second, tooLate},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := c.ctx(t.Context())
				defer cancel()
				began := time.Now()
				if err := task.Sleep(ctx, c.sleep); !errors.Is(err, c.err) {
					t.Errorf("Sleep = %v, want %v", err, c.err)
				}
				if took := time.Since(began); took != c.takes {
					t.Errorf("it took %v, want %v", took, c.takes)
				}
			})
		})
	}
}

func plain(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} }

// stoppedAfter makes a ctx that ends after d with cause.
func stoppedAfter(d time.Duration, cause error) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		if d == 0 {
			cancel(cause)
			return ctx, func() {}
		}
		timer := time.AfterFunc(d, func() { cancel(cause) })
		return ctx, func() { timer.Stop(); cancel(nil) }
	}
}

// TestOnALoop: with a scheduler on ctx all waiting goes through it, also where
// there is nothing to wait for.
func TestOnALoop(t *testing.T) {
	s := &fakeScheduler{}
	ctx := task.WithScheduler(t.Context(), s)
	ended, cancel := context.WithCancelCause(ctx)
	cancel(task.ErrStopped)
	for _, d := range []time.Duration{time.Hour, 0, -1} {
		if err := task.Sleep(ctx, d); err != nil {
			t.Error(err)
		}
	}
	if err := task.Sleep(ended, time.Hour); !errors.Is(err, task.ErrStopped) {
		t.Errorf("Sleep after a stop: %v", err)
	}
	if err := task.Yield(ctx); err != nil {
		t.Error(err)
	}
	if err := task.Yield(ended); !errors.Is(err, task.ErrStopped) {
		t.Errorf("Yield after a stop: %v", err)
	}
	want := []string{"sleep 1h0m0s", "sleep 0s", "sleep -1ns", "sleep 1h0m0s", "yield", "yield"}
	if !slices.Equal(s.calls, want) {
		t.Errorf("the scheduler was asked %q, want %q", s.calls, want)
	}
}

func TestYieldPlain(t *testing.T) {
	if err := task.Yield(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(task.ErrStopped)
	if err := task.Yield(ctx); !errors.Is(err, task.ErrStopped) {
		t.Errorf("Yield after a stop: %v", err)
	}
}

func TestAwaitReturnsWhatFReturned(t *testing.T) {
	boom := errors.New("boom")
	f := func(context.Context) (int, error) { return 7, boom }
	s := &fakeScheduler{}
	for name, ctx := range map[string]context.Context{
		"plain": t.Context(), "on a loop": task.WithScheduler(t.Context(), s),
	} {
		if v, err := task.Await(ctx, f); v != 7 || !errors.Is(err, boom) {
			t.Errorf("%s: Await = %v, %v", name, v, err)
		}
	}
	if !slices.Equal(s.calls, []string{"await"}) {
		t.Errorf("the scheduler was asked %q", s.calls)
	}
}

// TestAwaitedCodeIsOffTheLoop: in f the functions are the plain ones, and the rest
// of ctx is as it was.
func TestAwaitedCodeIsOffTheLoop(t *testing.T) {
	s := &fakeScheduler{}
	ctx := task.WithHost(task.WithScheduler(t.Context(), s), &fakeHost{})
	id, err := task.Await(ctx, func(ctx context.Context) (string, error) {
		nested, err := task.Await(ctx, func(ctx context.Context) (string, error) { return task.ID(ctx), nil })
		return nested, errors.Join(err, task.Sleep(ctx, 0), task.Yield(ctx))
	})
	if id != "fake-7" || err != nil {
		t.Errorf("Await = %q, %v", id, err)
	}
	if !slices.Equal(s.calls, []string{"await"}) {
		t.Errorf("the scheduler was asked %q, want one await alone", s.calls)
	}
}

func TestAwaitPanics(t *testing.T) {
	boom := errors.New("boom")
	for name, ctx := range map[string]context.Context{
		"plain": t.Context(), "on a loop": task.WithScheduler(t.Context(), &fakeScheduler{}),
	} {
		t.Run(name, func(t *testing.T) {
			bad := guarded(func() {
				_, _ = task.Await(ctx, func(context.Context) (any, error) { return explode(boom) })
			})
			if bad == nil || bad.Value != "boom" || !errors.Is(bad, boom) {
				t.Fatalf("caught %+v", bad)
			}
			if !strings.Contains(bad.Stack, "explode") {
				t.Errorf("the stack does not show where the panic came from:\n%s", bad.Stack)
			}
		})
	}
}

func explode(err error) (any, error) { panic(err) }

func TestAwaitGoexit(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"plain": t.Context(), "on a loop": task.WithScheduler(t.Context(), &fakeScheduler{}),
	} {
		t.Run(name, func(t *testing.T) {
			caught := make(chan *task.PanicError, 1)
			go task.Guard(func() { // ends with the Goexit
				_, _ = task.Await(ctx, func(context.Context) (any, error) {
					runtime.Goexit()
					return nil, nil
				})
			}, func(p *task.PanicError) { caught <- p })
			if bad := <-caught; bad == nil || bad.Value != "runtime.Goexit called" {
				t.Errorf("caught %+v", bad)
			}
		})
	}
}

func guarded(f func()) (bad *task.PanicError) {
	task.Guard(f, func(p *task.PanicError) { bad = p })
	return bad
}
