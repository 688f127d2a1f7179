package main

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// turns is how often each of two parties gives the turn to the other.
const turns = 500_000

func yield() workload {
	return workload{
		name: "yield", title: "two parties give each other the turn, 500,000 times each",
		quantities: []quantity{{unit: seconds, targets: []target{{against: "channel ping-pong", atMost: 0.4}}}},
		sides: []side{
			{name: "Yield in async mode", run: yieldAsync(turns)},
			{name: "channel ping-pong", run: yieldPingPong(turns)},
			python("asyncio.sleep(0)", "yields", 2, turns),
			{name: "iter.Pull", limit: true, run: yieldPull(turns)},
		},
	}
}

// yieldAsync measures from the moment that both tasks run.
func yieldAsync(turns int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		var began time.Time
		running := 0 // on the loop, where one task runs at a time
		r, err := startRunner(ctx, host.Async, func(ctx context.Context) (any, error) {
			if running++; running == 2 {
				began = time.Now()
			}
			for running < 2 {
				if err := task.Yield(ctx); err != nil {
					return nil, err
				}
			}
			for range turns {
				if err := task.Yield(ctx); err != nil {
					return nil, err
				}
			}
			return nil, nil
		})
		if err != nil {
			return nil, err
		}
		if err := addWork(r, 2); err != nil {
			return nil, err
		}
		if err := r.Wait(ctx); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

func yieldPingPong(turns int) measurement {
	return func(context.Context) ([]float64, error) {
		ping, pong := make(chan struct{}), make(chan struct{})
		var ended sync.WaitGroup
		began := time.Now()
		ended.Go(func() { // ends after its turns
			for range turns {
				<-ping
				pong <- struct{}{}
			}
		})
		for range turns {
			ping <- struct{}{}
			<-pong
		}
		ended.Wait()
		return since(began), nil
	}
}

// yieldPull resumes two coroutines in turn, with no loop between them.
func yieldPull(turns int) measurement {
	return func(context.Context) ([]float64, error) {
		party := func(give func(struct{}) bool) {
			for range turns {
				if !give(struct{}{}) {
					return
				}
			}
		}
		first, stopFirst := iter.Pull(iter.Seq[struct{}](party))
		defer stopFirst()
		second, stopSecond := iter.Pull(iter.Seq[struct{}](party))
		defer stopSecond()
		began := time.Now()
		for range turns {
			first()
			second()
		}
		return since(began), nil
	}
}
