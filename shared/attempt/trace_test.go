package attempt_test

import (
	"context"
	"iter"
	"testing"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestTrace: code of a task, however deep, is told from another's.
func TestTrace(t *testing.T) {
	other := attempt.New(t.Context(), of(task.Func(func(context.Context) (any, error) { return nil, nil })))
	for name, c := range map[string]struct {
		task  func(here func()) task.Task
		known bool
	}{
		"in Run": {func(here func()) task.Task {
			return task.Func(func(context.Context) (any, error) { here(); return nil, nil })
		}, true},
		"deep below": {func(here func()) task.Task { return deep{300, here} }, true},
		"in a defer": {func(here func()) task.Task {
			return task.Func(func(context.Context) (any, error) { defer here(); return nil, nil })
		}, true},
		"in a panic": {func(here func()) task.Task {
			return task.Func(func(context.Context) (any, error) { defer here(); panic("boom") })
		}, true},
		"in its result": {func(here func()) task.Task {
			return task.Func(func(context.Context) (any, error) {
				return marshals(func() ([]byte, error) { here(); return []byte("7"), nil }), nil
			})
		}, true},
		"in a goroutine of it": {func(here func()) task.Task {
			return task.Func(func(context.Context) (any, error) {
				done := make(chan struct{})
				go func() { here(); close(done) }()
				<-done
				return nil, nil
			})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for where, drive := range map[string]func(*attempt.Attempt){
				"goroutine": func(a *attempt.Attempt) { <-begin(a) },
				"coroutine": coroutine,
			} {
				var a *attempt.Attempt
				calls := 0
				a = attempt.New(t.Context(), of(c.task(func() {
					calls++
					trace := attempt.Here()
					if got := trace.Runs(a); got != c.known {
						t.Errorf("%s: Runs of its own attempt is %v\n%s", where, got, trace)
					}
					if trace.Runs(other) {
						t.Errorf("%s: Runs of another attempt is true", where)
					}
				})))
				drive(a)
				if calls != 1 {
					t.Errorf("%s: it was called %d times", where, calls)
				}
				if attempt.Here().Runs(a) {
					t.Errorf("%s: the test's own goroutine is taken for the task's", where)
				}
			}
		})
	}
}

// coroutine runs an attempt as an event loop does.
func coroutine(a *attempt.Attempt) {
	next, stop := iter.Pull(func(func(struct{}) bool) { a.Run(func() {}, func(attempt.End) {}) })
	defer stop()
	next()
}

// TestTraceOfNested: a task that runs another in its own goroutine runs both.
func TestTraceOfNested(t *testing.T) {
	var outer, inner *attempt.Attempt
	inner = attempt.New(t.Context(), of(task.Func(func(context.Context) (any, error) {
		here := attempt.Here()
		return []bool{here.Runs(inner), here.Runs(outer)}, nil
	})))
	outer = attempt.New(t.Context(), of(task.Func(func(context.Context) (any, error) {
		var result any
		inner.Run(func() {}, func(e attempt.End) { result = e.Result })
		return result, nil
	})))
	if end := ended(t, begin(outer)); string(end.Result) != "[true,true]" {
		t.Errorf("Runs of the inner and the outer attempt: %s, want both", end.Result)
	}
}

func TestTraceOutsideATask(t *testing.T) {
	a := attempt.New(t.Context(), of(task.Func(nil)))
	if here := attempt.Here(); here != "" || here.Runs(a) {
		t.Errorf("a goroutine without a task has the trace %q", here)
	}
}

// deep calls here at the end of a deep recursion.
type deep struct {
	levels int
	here   func()
}

func (d deep) Run(ctx context.Context) (any, error) {
	if d.levels == 0 {
		d.here()
		return nil, nil
	}
	return deep{d.levels - 1, d.here}.Run(ctx)
}

func BenchmarkHere(b *testing.B) {
	a := attempt.New(b.Context(), of(task.Func(func(context.Context) (any, error) {
		for b.Loop() {
			attempt.Here()
		}
		return nil, nil
	})))
	a.Run(func() {}, func(attempt.End) {})
}
