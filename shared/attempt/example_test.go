package attempt_test

import (
	"context"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// A host runs one attempt of a kind's task, and asks it to stop.
func Example() {
	clock := task.NewKind("clock", func(c struct{}) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			return "stopped at noon", task.Sleep(ctx, time.Hour)
		}), nil
	})
	a := attempt.New(context.Background(), attempt.Of(clock, nil))
	started, ended := make(chan struct{}), make(chan attempt.End)
	go a.Run(func() { close(started) }, func(e attempt.End) { ended <- e })
	<-started

	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a.Stop(grace, task.ErrStopped)
	end := <-ended
	fmt.Println(end.Started, string(end.Result), end.Clean, end.Err)
	// Output: true "stopped at noon" true stopped on request
}
