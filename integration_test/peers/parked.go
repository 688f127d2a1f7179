package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
	"golang.org/x/sync/errgroup"
)

// parkedTasks is how many tasks wait at once for their stop.
const parkedTasks = 1_000_000

func parkedGoroutine() workload {
	return parked("parked-goroutine", "1,000,000 parked tasks in goroutine mode", wallParked,
		side{name: "goroutine mode", run: parkRunner(host.Goroutine, parkedTasks, func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})})
}

func parkedAsync() workload {
	return parked("parked-async", "1,000,000 parked tasks in async mode", wallParked,
		side{name: "async mode", run: parkRunner(host.Async, parkedTasks, func(ctx context.Context) error {
			return task.Sleep(ctx, 24*time.Hour)
		})})
}

func parked(name, title, wall string, ours side) workload {
	return workload{
		name: name, title: title,
		quantities: []quantity{
			{name: "memory each", unit: bytes, targets: []target{{atMost: 3500, wall: wall}}},
			{name: "stop all", unit: seconds, targets: []target{{against: "goroutines, one context", atMost: 2}}},
		},
		sides: []side{
			ours,
			{name: "errgroup, a context each", run: parkErrgroup(parkedTasks)},
			{name: "goroutines, one context", limit: true, run: parkGoroutines(parkedTasks)},
		},
	}
}

// lot is where tasks park.
type lot struct {
	free atomic.Int64
	full chan struct{}
}

func newLot(places int) *lot {
	l := &lot{full: make(chan struct{})}
	l.free.Store(int64(places))
	return l
}

// enter is called by each task before it waits.
func (l *lot) enter() {
	if l.free.Add(-1) == 0 {
		close(l.full)
	}
}

// await waits until all have entered.
func (l *lot) await(ctx context.Context) error {
	select {
	case <-l.full:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// parkRunner stops by the runner's Stop, which returns when all tasks have ended.
func parkRunner(mode host.Mode, tasks int, wait func(context.Context) error) measurement {
	return func(ctx context.Context) ([]float64, error) {
		l := newLot(tasks)
		r, err := startRunner(ctx, mode, func(ctx context.Context) (any, error) {
			l.enter()
			return nil, wait(ctx)
		})
		if err != nil {
			return nil, err
		}
		if err := addWork(r, tasks); err != nil {
			return nil, err
		}
		if err := l.await(ctx); err != nil {
			return nil, err
		}
		each := inUse() / float64(tasks)
		began := time.Now()
		if err := r.Stop(ctx); err != nil {
			return nil, err
		}
		return append([]float64{each}, since(began)...), nil
	}
}

func parkErrgroup(tasks int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		l := newLot(tasks)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		g, ctx := errgroup.WithContext(ctx)
		for range tasks {
			g.Go(func() error {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				l.enter()
				<-ctx.Done()
				return nil
			})
		}
		<-l.full
		each := inUse() / float64(tasks)
		began := time.Now()
		cancel()
		if err := g.Wait(); err != nil {
			return nil, err
		}
		return append([]float64{each}, since(began)...), nil
	}
}

func parkGoroutines(tasks int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		l := newLot(tasks)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var ended sync.WaitGroup
		for range tasks {
			ended.Go(func() { // ends with ctx
				l.enter()
				<-ctx.Done()
			})
		}
		<-l.full
		each := inUse() / float64(tasks)
		began := time.Now()
		cancel()
		ended.Wait()
		return append([]float64{each}, since(began)...), nil
	}
}

// inUse is the memory of this process's heap and stacks after a collection. It is not
// compared with what was there before: what the runtime keeps of goroutines that have
// ended is there already when the next side begins, and would be missing from its own.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}
