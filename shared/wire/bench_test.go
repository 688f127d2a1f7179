package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// BenchmarkTasks runs 10,000 tasks that do nothing in one plugin, all at once, from
// Start to Finished.
func BenchmarkTasks(b *testing.B) {
	const n = 10_000
	ours := oursOf(b, discard, kind(func(context.Context) (any, error) { return nil, nil }))
	theirs := bareOf(b, silent)
	sides(b, n, func() { atOnce(n, func() { runOurs(b, ours, quiet{discard}) }) },
		func() { atOnce(n, func() { runBare(b, theirs) }) })
}

// BenchmarkProgress reports progress as fast as it can: from one task, and from
// twenty in plugins of their own.
func BenchmarkProgress(b *testing.B) {
	for _, plugins := range []int{1, 20} {
		n := 100_000 / plugins
		b.Run(fmt.Sprint(plugins), func(b *testing.B) {
			each := func(one func(int)) func() {
				return func() {
					var all sync.WaitGroup
					for i := range plugins {
						all.Go(func() { one(i) })
					}
					all.Wait()
				}
			}
			ours, theirs := make([]*wire.Client, plugins), make([]taskpb.TaskServiceClient, plugins)
			for i := range plugins {
				ours[i] = oursOf(b, discard, kind(func(ctx context.Context) (any, error) {
					for i := range n {
						task.Progress(ctx, int64(i), int64(n), "copying")
					}
					return nil, nil
				}))
				theirs[i] = bareOf(b, func(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
					for i := range n {
						if err := stream.Send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Progress{
							Progress: &taskpb.Progress{Done: int64(i), Total: int64(n), Message: "copying"},
						}}); err != nil {
							return err
						}
					}
					return nil
				})
			}
			sides(b, n*plugins, each(func(i int) { runOurs(b, ours[i], quiet{discard}) }),
				each(func(i int) { runBare(b, theirs[i]) }))
		})
	}
}

// BenchmarkLog logs as fast as it can by messages, as an attached plugin does.
func BenchmarkLog(b *testing.B) {
	const n = 20_000
	ours := oursOf(b, nil, kind(func(ctx context.Context) (any, error) {
		logger := task.Logger(ctx)
		for i := range n {
			logger.Info("copied a file", "path", "/a/b/c", "bytes", i)
		}
		return nil, nil
	}))
	theirs := bareOf(b, func(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
		for i := range n {
			if err := stream.Send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Log{Log: &taskpb.Log{
				Level: taskpb.Log_LEVEL_INFO, Message: "copied a file", Fields: fmt.Appendf(nil, `{"path":"/a/b/c","bytes":%d}`, i),
			}}}); err != nil {
				return err
			}
		}
		return nil
	})
	sides(b, n, func() { runOurs(b, ours, quiet{slog.New(slog.NewTextHandler(io.Discard, nil))}) }, func() { runBare(b, theirs) })
}

// BenchmarkLargeResult fetches a result of 16 MB.
func BenchmarkLargeResult(b *testing.B) {
	result := make([]byte, 12<<20)
	encoded, _ := json.Marshal(result)
	ours := oursOf(b, discard, kind(func(context.Context) (any, error) { return result, nil }))
	theirs := bareOf(b, func(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
		return stream.Send(finished(string(encoded), nil))
	})
	sides(b, 1, func() {
		if end := runOurs(b, ours, quiet{discard}); len(end.Result) != len(encoded) {
			b.Error(len(end.Result))
		}
	}, func() { runBare(b, theirs) })
}

// BenchmarkParse reads one line of a plugin's log.
func BenchmarkParse(b *testing.B) {
	line := []byte(`{"@timestamp":"2026-01-02T15:04:05.000000Z","@level":"info","@message":"copied a file","path":"/a/b/c","bytes":123}` + "\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := wire.ParseLogLine(line); !ok {
			b.Fatal("not parsed")
		}
	}
}

// BenchmarkSibling has a host answer a task's messages, one after another, alone and
// beside a task of the same plugin that reports progress as fast as it can.
func BenchmarkSibling(b *testing.B) {
	const n = 500
	ours := oursOf(b, discard, kind(func(ctx context.Context) (any, error) {
		for range n {
			if err := task.Checkpoint(ctx, json.RawMessage("1")); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}), task.NewKind("flood", func(struct{}) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			for i := int64(0); ctx.Err() == nil; i++ {
				task.Progress(ctx, i, 0, "flood")
			}
			return nil, nil
		}), nil
	}))
	var ratios []float64
	for b.Loop() {
		began := time.Now()
		runOurs(b, ours, quiet{discard})
		alone := time.Since(began)
		r, err := ours.Start(task.WithHost(context.Background(), quiet{discard}), "run-1", "flood", nil)
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var flood sync.WaitGroup
		flood.Go(func() { _, _ = r.Run(ctx) })
		began = time.Now()
		runOurs(b, ours, quiet{discard})
		ratios = append(ratios, float64(time.Since(began))/float64(alone))
		stop()
		flood.Wait()
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-alone")
}

// BenchmarkParked reports what a task costs on both sides while it waits for its stop.
func BenchmarkParked(b *testing.B) {
	const n = 2_000
	b.Run("ours", func(b *testing.B) {
		ctx, stop := context.WithCancelCause(context.Background())
		ours := oursOf(b, discard, waits())
		parked(b, n, func(running func()) {
			a := attempt.New(task.WithHost(ctx, quiet{discard}), func(ctx context.Context) (task.Task, error) {
				return started(ours.Start(ctx, "run-1", "test", json.RawMessage(`{}`)))
			})
			a.Run(running, func(attempt.End) {})
		}, func() { stop(task.ErrStopped) })
	})
	b.Run("bare", func(b *testing.B) {
		stop := make(chan struct{})
		theirs := bareOf(b, func(grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error { <-stop; return nil })
		parked(b, n, func(running func()) { runBareUntil(b, theirs, running) }, func() { close(stop) })
	})
}

// parked has n goroutines run a task each and looks at the process while all wait.
func parked(b *testing.B, n int, run func(running func()), stop func()) {
	before := memory()
	var running, all sync.WaitGroup
	running.Add(n)
	for range n {
		all.Go(func() { run(running.Done) })
	}
	running.Wait()
	after := memory()
	stop()
	all.Wait()
	b.ReportMetric(float64(after.goroutines-before.goroutines)/float64(n), "goroutines/task")
	b.ReportMetric((after.stacks-before.stacks)/float64(n), "stack-B/task")
	b.ReportMetric((after.heap-before.heap)/float64(n), "heap-B/task")
	b.ReportMetric(0, "ns/op")
}

type footprint struct {
	goroutines   int
	stacks, heap float64
}

func memory() footprint {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{runtime.NumGoroutine(), float64(m.StackInuse), float64(m.HeapInuse)}
}
