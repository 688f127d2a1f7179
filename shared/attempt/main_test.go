package attempt_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// of is the Maker of a task that is there already.
func of(t task.Task) attempt.Maker {
	return func(context.Context) (task.Task, error) { return t, nil }
}

// begin runs an attempt on a goroutine of its own, which ends with the task. What
// is received is how it ended; the channel closes with the goroutine.
func begin(a *attempt.Attempt) <-chan attempt.End {
	ends := make(chan attempt.End, 2) // a second End would be a bug, and must not block
	go func() {
		defer close(ends)
		a.Run(func() {}, func(e attempt.End) { ends <- e })
	}()
	return ends
}

// ended waits for the attempt's end, and checks that it ended once.
func ended(t *testing.T, ends <-chan attempt.End) attempt.End {
	t.Helper()
	end, ok := <-ends
	if !ok {
		t.Fatal("done was not called")
	}
	if _, again := <-ends; again {
		t.Fatal("done was called twice")
	}
	return end
}

// untilStopped is a task that runs until its ctx is done and returns the cause.
func untilStopped(running chan<- struct{}) task.Task {
	return task.Func(func(ctx context.Context) (any, error) {
		close(running)
		<-ctx.Done()
		return nil, context.Cause(ctx)
	})
}

// stoppable is a task with a Stopper, of two functions.
type stoppable struct {
	run  func(context.Context) (any, error)
	stop func(context.Context) error
}

func (s stoppable) Run(ctx context.Context) (any, error) { return s.run(ctx) }
func (s stoppable) Stop(ctx context.Context) error       { return s.stop(ctx) }

// withGrace is the ctx of a Stop.
func withGrace(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}
