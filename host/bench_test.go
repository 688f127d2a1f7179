package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

// How fast tasks of this process begin, end and stop, and how much memory they take,
// beside what Go offers without a runner: a goroutine and a context for each. Compare
// the two sides of one run alone.

// benchmarked has the kinds of the benchmarks: one that ends at once, one that waits
// for its stop.
func benchmarked(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	kind := func(name string, run task.Func) task.Kind {
		return task.NewKind(name, func(struct{}) (task.Task, error) { return run, nil })
	}
	c, err := catalog.New(
		kind("no-op", func(context.Context) (any, error) { return nil, nil }),
		kind("park", func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}),
	)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// names are those of tasks, made before the clock runs: an embedder has them.
func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("t", i)
	}
	return all
}

// startEmpty starts a runner that tasks can be added to.
func startEmpty(tb testing.TB, c *catalog.Catalog) *host.Runner {
	tb.Helper()
	r, err := host.New(host.WithCatalog(c), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return r
}

func addAll(tb testing.TB, r *host.Runner, kind string, ids []string) {
	tb.Helper()
	for _, id := range ids {
		if _, err := r.Add(host.Spec{ID: id, Kind: kind}); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkNoop is the whole life of 100,000 tasks that do nothing, from the first Add
// to the last one's end.
func BenchmarkNoop(b *testing.B) {
	const tasks = 100_000
	b.Run("runner", func(b *testing.B) {
		c, all := benchmarked(b), names(tasks)
		for b.Loop() {
			r := startEmpty(b, c)
			addAll(b, r, "no-op", all)
			if err := r.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		perTask(b, tasks)
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			ctx, cancel := context.WithCancel(b.Context())
			var group sync.WaitGroup
			for range tasks {
				group.Go(func() {
					_, cancel := context.WithCancel(ctx)
					cancel()
				})
			}
			group.Wait()
			cancel()
		}
		perTask(b, tasks)
	})
}

func perTask(b *testing.B, tasks int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tasks), "ns/task")
}

// BenchmarkPark is tasks that wait until they are told to stop: the memory of one, and
// how long it takes to stop them all.
func BenchmarkPark(b *testing.B) {
	for _, tasks := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint("runner/", tasks), func(b *testing.B) {
			c, all := benchmarked(b), names(tasks)
			parkMany(b, tasks, func() func() {
				r := startEmpty(b, c)
				addAll(b, r, "park", all)
				return func() {
					if err := r.Stop(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run(fmt.Sprint("bare/", tasks), func(b *testing.B) {
			parkMany(b, tasks, func() func() {
				ctx, cancel := context.WithCancel(b.Context())
				var group sync.WaitGroup
				for range tasks {
					group.Go(func() { <-ctx.Done() })
				}
				return func() { cancel(); group.Wait() }
			})
		})
	}
}

// parkMany measures what park and the stop that it returns cost.
func parkMany(b *testing.B, tasks int, park func() (stop func())) {
	b.Helper()
	var took time.Duration
	var bytes int64
	for b.Loop() {
		before := inUse()
		stop := park()
		bytes += inUse() - before
		began := time.Now()
		stop()
		took += time.Since(began)
	}
	each := float64(b.N) * float64(tasks)
	b.ReportMetric(float64(took.Nanoseconds())/each, "ns/stop")
	b.ReportMetric(float64(bytes)/each, "B/task")
	b.ReportMetric(0, "ns/op")
}

// inUse is the memory in use, of heap and stacks, once all goroutines have come to
// where they wait.
func inUse() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
		runtime.Gosched()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// BenchmarkChain is a chain of tasks, each of which needs the one before to have
// succeeded: from the first Add to the last one's end.
func BenchmarkChain(b *testing.B) {
	for _, tasks := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			c, all := benchmarked(b), names(tasks)
			for b.Loop() {
				r := startEmpty(b, c)
				for i, id := range all {
					spec := host.Spec{ID: id, Kind: "no-op"}
					if i > 0 {
						spec.Needs = map[string]host.Need{all[i-1]: host.NeedSucceeded}
					}
					if _, err := r.Add(spec); err != nil {
						b.Fatal(err)
					}
				}
				if err := r.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			perTask(b, tasks)
		})
	}
}

// BenchmarkRemove is tasks that are added, and then removed one by one.
func BenchmarkRemove(b *testing.B) {
	for _, tasks := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			c, all := benchmarked(b), names(tasks)
			for b.Loop() {
				r := startEmpty(b, c)
				addAll(b, r, "park", all)
				for _, id := range all {
					if err := r.Remove(b.Context(), id); err != nil {
						b.Fatal(err)
					}
				}
				if err := r.Stop(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			perTask(b, tasks)
		})
	}
}
