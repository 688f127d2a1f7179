package main

import (
	"context"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// links is how many tasks wait each for the one before to succeed.
const links = 1000

func chainGoroutine() workload { return chain("chain-goroutine", "goroutine mode", host.Goroutine) }
func chainAsync() workload     { return chain("chain-async", "async mode", host.Async) }

func chain(name, in string, mode host.Mode) workload {
	return workload{
		name: name, title: "a chain of 1,000 tasks in " + in + ", first Add to last end",
		quantities: []quantity{{unit: seconds}},
		sides: []side{
			{name: in, run: chainRunner(mode, links)},
			{name: "goroutines and channels", limit: true, run: chainChannels(links)},
		},
	}
}

// chainRunner starts the runner when it has all tasks, so that each has waited.
func chainRunner(mode host.Mode, links int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		r, err := newRunner(mode, noop)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		var needs map[string]host.Need
		for i := range links {
			spec := host.Spec{ID: taskID(i), Kind: "work", Needs: needs}
			if _, err := r.Add(spec); err != nil {
				return nil, err
			}
			needs = map[string]host.Need{spec.ID: host.NeedSucceeded}
		}
		if err := r.Start(ctx); err != nil {
			return nil, err
		}
		if err := r.Wait(ctx); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

// chainChannels has all goroutines before the first may go on.
func chainChannels(links int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		var ended sync.WaitGroup
		first := make(chan struct{})
		last := first
		for range links {
			before, succeeded := last, make(chan struct{})
			ended.Go(func() { // ends after the one before
				defer close(succeeded)
				<-before
				_, _ = noop(ctx)
			})
			last = succeeded
		}
		close(first)
		ended.Wait()
		return since(began), nil
	}
}
