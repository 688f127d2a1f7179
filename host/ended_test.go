package host_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// A task that ends in the very moment in which it is asked to stop was either asked
// first, and has stopped, or not at all.
func TestSuccessAndStopInTheSameMoment(t *testing.T) {
	for n := range 20 {
		gate := make(chan struct{})
		var running sync.WaitGroup
		kind := task.NewKind("gated", func(config) (task.Task, error) {
			return task.Func(func(context.Context) (any, error) {
				running.Done()
				<-gate
				return nil, nil
			}), nil
		})
		g := newRig(t, host.Goroutine, host.WithKinds(kind))
		for i := range 200 {
			running.Add(1)
			g.add("gated", config{}, fmt.Sprint(i))
		}
		g.start()
		running.Wait()
		close(gate)
		<-g.Handles()[n].Done() // the others are ending
		_ = g.Stop(t.Context())
		<-g.events.ended
		asked := make(map[string]bool)
		for _, e := range g.events.all() {
			switch e.State {
			case host.StateStopping:
				asked[e.Task] = true
			case host.StateSucceeded, host.StateStopped:
				if asked[e.Task] == (e.State == host.StateSucceeded) {
					t.Errorf("%s is %v, and that it was asked to stop is %v", e.Task, e.State, asked[e.Task])
				}
			}
		}
	}
}
