package eventloop_test

import (
	"context"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/eventloop"
	"github.com/hostelry-run/hostelry/shared/task"
)

func Example() {
	loop := eventloop.New(eventloop.Config{
		Blocked: func(name string, held time.Duration, stack string) {
			fmt.Printf("%s has held the loop for %v:\n%s\n", name, held, stack)
		},
	})
	visits := 0 // shared without a lock: coroutines never run at the same instant
	visit := func(name string) func(task.Scheduler) {
		return func(s task.Scheduler) {
			for range 2 {
				visits++
				fmt.Println(name, "is visitor", visits)
				s.Yield()
			}
			s.Sleep(context.Background(), time.Millisecond)
			s.Await(func() { /* a call that blocks */ })
		}
	}
	open := make(chan struct{})
	loop.Go("doorman", func(task.Scheduler) {
		loop.Go("anna", visit("anna"))
		loop.Go("bert", visit("bert"))
		close(open)
	})
	<-open
	loop.Close()
	// Output:
	// anna is visitor 1
	// bert is visitor 2
	// anna is visitor 3
	// bert is visitor 4
}
