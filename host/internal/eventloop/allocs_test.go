package eventloop

import (
	"context"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

const runs = 200 // of each that is measured

// The whole life of a coroutine takes nothing from the heap once there is a worker.
func TestAllocationsOfALife(t *testing.T) {
	l := New(Config{})
	defer l.Close()
	body := &signalling{ended: make(chan struct{})}
	places := make([]Coroutine, runs+1)
	if got := testing.AllocsPerRun(runs, func() {
		l.Start(&places[0], body)
		places = places[1:]
		<-body.ended
	}); got > 0 {
		t.Errorf("Start allocates %v times, want 0", got)
	}
	if got := testing.AllocsPerRun(runs, func() {
		l.Go("no-op", body.Run)
		<-body.ended
	}); got > 2 {
		t.Errorf("Go allocates %v times, want 2: the coroutine, and the function here", got)
	}
}

// signalling is a body that tells of its end.
type signalling struct{ ended chan struct{} }

func (b *signalling) Run(task.Scheduler)     { b.ended <- struct{}{} }
func (*signalling) Context() context.Context { return nil }
func (*signalling) Name() string             { return "no-op" }
func (*signalling) Gone()                    {}

func TestAllocationsOfAStep(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, step := range map[string]func(task.Scheduler){
		"Yield":             func(s task.Scheduler) { s.Yield() },
		"Sleep":             func(s task.Scheduler) { s.Sleep(context.Background(), time.Nanosecond) },
		"Sleep under a ctx": func(s task.Scheduler) { s.Sleep(ctx, time.Nanosecond) },
	} {
		l := New(Config{Blocked: func(string, time.Duration, string) {}})
		l.Go("other", func(s task.Scheduler) { s.Sleep(ctx, time.Millisecond) })
		l.Go("measures", func(s task.Scheduler) {
			if got := testing.AllocsPerRun(runs, func() { step(s) }); got > 0 {
				t.Errorf("%s allocates %v times, want 0", name, got)
			}
		})
		l.Close()
	}
}
