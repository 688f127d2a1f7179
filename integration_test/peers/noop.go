package main

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
	"golang.org/x/sync/errgroup"
)

// noops is how many tasks that do nothing are added.
const noops = 100_000

func noopGoroutine() workload {
	return workload{
		name: "noop-goroutine", title: "100,000 no-op tasks, goroutine mode: first Add to the last one's end",
		quantities: []quantity{{unit: seconds, targets: []target{{against: "errgroup", atMost: 2.5}}}},
		sides: []side{
			{name: "goroutine mode", run: noopRunner(host.Goroutine, noops)},
			{name: "errgroup", run: noopErrgroup(noops)},
		},
	}
}

// noopRunner adds to a runner that has started.
func noopRunner(mode host.Mode, tasks int) func(context.Context) ([]float64, error) {
	noop := task.NewKind("noop", func(struct{}) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return nil, nil }), nil
	})
	ids := names(tasks)
	return func(ctx context.Context) ([]float64, error) {
		r, err := host.New(host.WithKinds(noop), host.WithMode(mode))
		if err != nil {
			return nil, err
		}
		if err := r.Start(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		for _, id := range ids {
			if _, err := r.Add(host.Spec{ID: id, Kind: "noop"}); err != nil {
				return nil, err
			}
		}
		if err := r.Wait(ctx); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

// noopErrgroup gives each task a context of its own, which ends alone or with the
// group's, as a runner does.
func noopErrgroup(tasks int) func(context.Context) ([]float64, error) {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		g, ctx := errgroup.WithContext(ctx)
		for range tasks {
			g.Go(func() error {
				_, cancel := context.WithCancel(ctx)
				cancel()
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}
