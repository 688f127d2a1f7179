package main

import (
	"context"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/sourcegraph/conc/pool"
	"github.com/thejerf/suture/v4"
	"golang.org/x/sync/errgroup"
)

// noops is how many tasks that do nothing are added.
const noops = 100_000

func noop(context.Context) (any, error) { return nil, nil }

func noopGoroutine() workload {
	return workload{
		name: "noop-goroutine", title: "100,000 no-op tasks in goroutine mode, first Add to last end",
		quantities: []quantity{{unit: seconds, targets: []target{
			{against: "errgroup", atMost: 2.5},
			{against: "conc", atMost: 1, wall: wallConc},
			{against: "suture", atMost: 1},
		}}},
		sides: []side{
			{name: "goroutine mode", run: addToDone(host.Goroutine, noops, noop)},
			{name: "errgroup", run: noopErrgroup(noops)},
			{name: "conc", run: noopConc(noops)},
			{name: "suture", run: noopSuture(noops)},
			python("ThreadPoolExecutor", "threads", noops),
			{name: "goroutines", limit: true, run: noopGoroutines(noops)},
		},
	}
}

func noopAsync() workload {
	return workload{
		name: "noop-async", title: "100,000 no-op tasks in async mode, first Add to last end",
		quantities: []quantity{{unit: seconds, targets: []target{
			{against: "goroutine mode", atMost: 1.2},
			{against: "asyncio", atMost: 0.2, wall: wallAsyncio},
		}}},
		sides: []side{
			{name: "async mode", run: addToDone(host.Async, noops, noop)},
			{name: "goroutine mode", run: addToDone(host.Goroutine, noops, noop)},
			python("asyncio", "asyncio", noops),
			{name: "goroutines", limit: true, run: noopGoroutines(noops)},
		},
	}
}

// noopErrgroup gives each task a context of its own, which ends alone or with the
// group's, as a runner does.
func noopErrgroup(tasks int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		g, ctx := errgroup.WithContext(ctx)
		for range tasks {
			g.Go(func() error {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				_, err := noop(ctx)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

// noopConc is a pool without a limit: no task waits for another one's goroutine.
func noopConc(tasks int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		p := pool.New().WithContext(ctx)
		for range tasks {
			p.Go(func(ctx context.Context) error {
				_, err := noop(ctx)
				return err
			})
		}
		if err := p.Wait(); err != nil {
			return nil, err
		}
		return since(began), nil
	}
}

// sutureService is a service that ends once.
type sutureService struct{ ended *sync.WaitGroup }

func (s sutureService) Serve(ctx context.Context) error {
	defer s.ended.Done()
	_, _ = noop(ctx)
	return suture.ErrDoNotRestart
}

// String saves suture from writing the service out for a name.
func (sutureService) String() string { return "no-op" }

// noopSuture adds to a supervisor that serves. The clock stops when the last service
// has ended, which the supervisor may not have seen yet.
func noopSuture(tasks int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // all are served: ended waits for each
		supervisor := suture.New("peers", suture.Spec{})
		served := supervisor.ServeBackground(ctx)
		defer func() {
			cancel()
			<-served //nolint:errcheck // it says that it was cancelled
		}()
		var ended sync.WaitGroup
		ended.Add(tasks)
		began := time.Now()
		for range tasks {
			supervisor.Add(sutureService{&ended})
		}
		ended.Wait()
		return since(began), nil
	}
}

func noopGoroutines(tasks int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		began := time.Now()
		var ended sync.WaitGroup
		for range tasks {
			ended.Go(func() { _, _ = noop(ctx) })
		}
		ended.Wait()
		return since(began), nil
	}
}
