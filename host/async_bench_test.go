package host_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Each benchmark of async mode has goroutine mode beside it, or what one would
// write without a runner. Run them by themselves, with as many tasks as are of
// interest:
//
//	go test -run '^$' -bench Async -benchtime 100000x -count 5 ./host

// BenchmarkAsyncNoOp is a task that does nothing, from Add to done.
func BenchmarkAsyncNoOp(b *testing.B) {
	noOp := func(context.Context) (any, error) { return nil, nil }
	for _, m := range inProcess {
		b.Run(m.String(), func(b *testing.B) {
			b.ReportAllocs()
			r := runnerOf(b, m, noOp)
			for i := range b.N {
				addTo(b, r, i)
			}
			awaitAll(r)
		})
	}
}

// BenchmarkAsyncYield is a Yield of one of two tasks: the way out of one and into the
// other. Package eventloop has what it is to be compared with.
func BenchmarkAsyncYield(b *testing.B) {
	b.ReportAllocs()
	r := runnerOf(b, host.Async, func(ctx context.Context) (any, error) {
		for range b.N / 2 {
			if err := task.Yield(ctx); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	for i := range 2 {
		addTo(b, r, i)
	}
	awaitAll(r)
}

// BenchmarkAsyncSteps is one sleep of a task of ten thousand, each of which sleeps
// a hundred times for a millisecond.
func BenchmarkAsyncSteps(b *testing.B) {
	const tasks, steps, step = 10_000, 100, time.Millisecond
	sleeper := func(ctx context.Context) (any, error) {
		for range steps {
			if err := task.Sleep(ctx, step); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	report := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/tasks/steps, "ns/step")
	}
	for _, m := range inProcess {
		b.Run(m.String(), func(b *testing.B) {
			for range b.N {
				r := runnerOf(b, m, sleeper)
				for i := range tasks {
					addTo(b, r, i)
				}
				awaitAll(r)
			}
			report(b)
		})
	}
	b.Run("bare", func(b *testing.B) {
		for range b.N {
			var wg sync.WaitGroup
			for range tasks {
				wg.Go(func() { _, _ = sleeper(b.Context()) })
			}
			wg.Wait()
		}
		report(b)
	})
}

// BenchmarkAsyncParked is a task that sleeps until it is stopped: what it takes of
// memory, and to stop all of them at once.
func BenchmarkAsyncParked(b *testing.B) {
	for _, m := range inProcess {
		b.Run(m.String(), func(b *testing.B) { benchmarkParked(b, func() (func(), func()) { return parkTasks(b, m) }) })
	}
	b.Run("bare", func(b *testing.B) { benchmarkParked(b, func() (func(), func()) { return parkBare(b.N, false) }) })
	b.Run("bare-ctx-each", func(b *testing.B) { benchmarkParked(b, func() (func(), func()) { return parkBare(b.N, true) }) })
}

// benchmarkParked measures what park has parked.
func benchmarkParked(b *testing.B, park func() (parked, stop func())) {
	before := memoryInUse()
	parked, stop := park()
	parked()
	bytes := float64(memoryInUse()-before) / float64(b.N)
	b.ResetTimer()
	stop()
	b.ReportMetric(bytes, "B/parked")
}

// parkTasks parks b.N tasks under one runner.
func parkTasks(b *testing.B, m host.Mode) (parked, stop func()) {
	var asleep sync.WaitGroup
	asleep.Add(b.N)
	r := runnerOf(b, m, func(ctx context.Context) (any, error) {
		asleep.Done()
		if m == host.Async {
			return nil, task.Sleep(ctx, time.Hour)
		}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	})
	for i := range b.N {
		addTo(b, r, i)
	}
	return asleep.Wait, func() {
		if err := r.Stop(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// parkBare parks goroutines that wait for one ctx, or each for one of its own.
func parkBare(n int, each bool) (parked, stop func()) {
	var asleep, all sync.WaitGroup
	asleep.Add(n)
	parent, cancel := context.WithCancel(context.Background())
	for range n {
		all.Go(func() {
			ctx := parent
			if each {
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(parent)
				defer cancel()
			}
			asleep.Done()
			<-ctx.Done()
		})
	}
	return asleep.Wait, func() { cancel(); all.Wait() }
}

var inProcess = []host.Mode{host.Goroutine, host.Async}

// runnerOf starts a runner of tasks of one kind, which has a minute to stop.
func runnerOf(b *testing.B, m host.Mode, run func(context.Context) (any, error)) *host.Runner {
	b.Helper()
	kind := task.NewKind("bench", func(struct{}) (task.Task, error) { return task.Func(run), nil })
	r, err := host.New(host.WithMode(m), host.WithKinds(kind), host.WithGrace(time.Minute))
	if err == nil {
		err = r.Start(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func addTo(b *testing.B, r *host.Runner, i int) {
	if _, err := r.Add(host.Spec{ID: strconv.Itoa(i), Kind: "bench"}); err != nil {
		b.Fatal(err)
	}
}

func awaitAll(r *host.Runner) {
	for _, h := range r.Handles() {
		<-h.Done()
	}
	_ = r.Stop(context.Background())
}

// memoryInUse is the bytes of heap and stacks in use.
func memoryInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
