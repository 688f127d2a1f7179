package attempt_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

type userKey struct{}

// A task's ctx is a context of our own. It behaves as one that context.WithCancelCause
// makes: each check runs on both, with an end that cancels it with a cause.
func eachContext(t *testing.T, check func(t *testing.T, ctx context.Context, end func(cause error))) {
	t.Helper()
	parent := context.WithValue(context.Background(), userKey{}, "of the parent")
	t.Run("of package context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(parent)
			defer cancel(nil)
			check(t, ctx, cancel)
		})
	})
	t.Run("of an attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := attempt.New(parent, of(task.Func(nil)))
			check(t, a.Context(), func(cause error) { a.Stop(t.Context(), cause) })
		})
	})
}

// seen is what is to be seen of a ctx's end.
func seen(ctx context.Context) string {
	select {
	case <-ctx.Done():
		return fmt.Sprint("done: ", ctx.Err(), ", because ", context.Cause(ctx))
	default:
		return fmt.Sprint("not done: ", ctx.Err(), ", because ", context.Cause(ctx))
	}
}

func TestContextEnds(t *testing.T) {
	for _, cause := range []error{task.ErrStopped, task.ErrHostGone, context.Canceled, errors.New("boom")} {
		eachContext(t, func(t *testing.T, ctx context.Context, end func(error)) {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			timed, cancel := context.WithTimeoutCause(ctx, time.Hour, errors.New("not this"))
			defer cancel()
			family := []context.Context{ctx, child, timed, context.WithValue(child, userKey{}, "of a child")}
			for i, c := range family {
				if got := seen(c); got != "not done: <nil>, because <nil>" {
					t.Errorf("%d: %s", i, got)
				}
			}
			end(cause)
			want := fmt.Sprint("done: context canceled, because ", cause)
			late, cancel := context.WithCancel(ctx)
			defer cancel()
			for i, c := range append(family, late, context.WithValue(ctx, userKey{}, "late")) {
				if got := seen(c); got != want {
					t.Errorf("%d: %s, want %s", i, got, want)
				}
			}
			end(errors.New("the second cause"))
			if got := seen(ctx); got != want {
				t.Errorf("after another end: %s, want %s", got, want)
			}
			if v := ctx.Value(userKey{}); v != "of the parent" {
				t.Errorf("its value is %v", v)
			}
			if got := seen(context.WithoutCancel(ctx)); !strings.HasPrefix(got, "not done") {
				t.Errorf("without its end: %s", got)
			}
		})
	}
}

func TestContextCallsAfterItsEnd(t *testing.T) {
	eachContext(t, func(t *testing.T, ctx context.Context, end func(error)) {
		var called, revoked atomic.Int32
		for range 3 {
			context.AfterFunc(ctx, func() { called.Add(1); <-ctx.Done() })
		}
		if stop := context.AfterFunc(ctx, func() { revoked.Add(1) }); !stop() || stop() {
			t.Error("what is called after its end is not revoked, or twice")
		}
		synctest.Wait()
		if called.Load() > 0 {
			t.Error("it was called before the end")
		}
		end(task.ErrStopped)
		synctest.Wait()
		if called.Load() != 3 || revoked.Load() != 0 {
			t.Errorf("%d and %d were called, want 3 and none", called.Load(), revoked.Load())
		}
		stop := context.AfterFunc(ctx, func() { called.Add(1) })
		synctest.Wait()
		if called.Load() != 4 || stop() {
			t.Error("it was not called, although the end has been")
		}
	})
}

// An end of the parent is one of the ctx; and one of the ctx is none of the parent.
func TestContextEndsWithItsParent(t *testing.T) {
	for name, c := range map[string]struct {
		parent func() (ctx context.Context, end func())
		want   string
	}{
		"cancelled": {func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(context.Background())
			return ctx, func() { cancel(task.ErrHostGone) }
		}, "context canceled, because the host is gone"},
		"too late": {func() (context.Context, func()) {
			ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, errors.New("slow"))
			return ctx, func() { time.Sleep(2 * time.Second); cancel() }
		}, "context deadline exceeded, because slow"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, end := c.parent()
				alone := attempt.New(parent, of(task.Func(nil)))
				alone.Stop(t.Context(), task.ErrStopped)
				if parent.Err() != nil {
					t.Fatal("the parent has ended with it")
				}
				ctx := attempt.New(parent, of(task.Func(nil))).Context()
				if d, ok := ctx.Deadline(); !ok == (name == "too late") {
					t.Errorf("its deadline is %v", d)
				}
				end()
				if got := fmt.Sprint(ctx.Err(), ", because ", context.Cause(ctx)); got != c.want {
					t.Errorf("at once: %s, want %s", got, c.want)
				}
				synctest.Wait()
				if got := seen(ctx); got != "done: "+c.want {
					t.Errorf("%s, want done: %s", got, c.want)
				}
				if got := seen(attempt.New(parent, of(task.Func(nil))).Context()); !strings.HasSuffix(got, c.want) {
					t.Errorf("one made later: %s", got)
				}
			})
		})
	}
}

// What derives from the ctx needs no goroutine that waits for its end.
func TestContextHasCheapDescendants(t *testing.T) {
	ctx := attempt.New(context.Background(), of(task.Func(nil))).Context()
	before := runtime.NumGoroutine()
	for range 100 {
		for _, parent := range []context.Context{ctx, context.WithValue(ctx, userKey{}, "a span")} {
			child, cancel := context.WithCancel(parent)
			defer cancel()
			context.AfterFunc(child, func() {})
		}
	}
	if n := runtime.NumGoroutine() - before; n >= 100 {
		t.Errorf("200 descendants need %d goroutines", n)
	}
	if got := fmt.Sprint(ctx); got != "attempt.Attempt" {
		t.Errorf("it is called %q", got)
	}
}

// Err says nothing of an end before Done does, and what derives by a value ends at once.
func TestContextsEndIsOne(t *testing.T) {
	for range 2000 {
		a := attempt.New(context.Background(), of(task.Func(nil)))
		ctx := a.Context()
		child, cancel := context.WithCancel(context.WithValue(ctx, userKey{}, "a span"))
		defer cancel()
		done, looked := ctx.Done(), make(chan bool)
		go func() {
			for ctx.Err() == nil {
				runtime.Gosched()
			}
			select {
			case <-done:
				looked <- true
			default:
				looked <- false
			}
		}()
		a.Stop(t.Context(), task.ErrStopped)
		if child.Err() == nil {
			t.Fatal("a descendant has not ended with it")
		}
		if !<-looked {
			t.Fatal("Err came before Done")
		}
	}
}
