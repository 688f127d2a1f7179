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
	asyncio := python("asyncio.sleep(0)", "yields", 2, turns)
	asyncio.run = perYield(turns, asyncio.run)
	return workload{
		name: "yield", title: "two parties take turns",
		quantities: []quantity{
			{name: "a Yield, or a ping and its pong", unit: seconds, targets: []target{{against: "channel ping-pong", atMost: 0.4, wall: wallYield}}},
			{name: "the turn given to the other", unit: seconds},
		},
		sides: []side{
			{name: "Yield in async mode", run: perYield(turns, yieldAsync(turns))},
			{name: "channel ping-pong", run: perPingPong(turns, yieldPingPong(turns))},
			asyncio,
			{name: "iter.Pull", limit: true, run: perYield(turns, yieldPull(turns))},
		},
	}
}

// perYield divides what two parties took by what they did: a Yield each turn, which
// is there and back again for who calls it, and gives the turn to the other.
func perYield(turns int, m measurement) measurement {
	return func(ctx context.Context) ([]float64, error) {
		took, err := m(ctx)
		if err != nil {
			return nil, err
		}
		each := took[0] / float64(2*turns)
		return []float64{each, each}, nil
	}
}

// perPingPong does so for those that need a ping and a pong to be there and back.
func perPingPong(turns int, m measurement) measurement {
	return func(ctx context.Context) ([]float64, error) {
		took, err := m(ctx)
		if err != nil {
			return nil, err
		}
		each := took[0] / float64(turns)
		return []float64{each, each / 2}, nil
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
