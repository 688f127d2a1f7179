package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// What the protocol costs is measured against gRPC itself: the same messages on bare
// bidirectional streams, with gRPC's defaults, over a unix socket like ours, in
// rounds that take turns.

// versus runs ours and bare in turn, once each round, and reports the median of
// the rounds' ratios of their times.
func versus(b *testing.B, unit int, ours, bare func()) {
	var ratios, times []float64
	for round := 0; b.Loop(); round++ {
		took := [2]time.Duration{}
		for i := range 2 {
			side := (i + round) % 2 // who goes first, alternates
			began := time.Now()
			[]func(){ours, bare}[side]()
			took[side] = time.Since(began)
		}
		ratios = append(ratios, float64(took[0])/float64(took[1]))
		times = append(times, float64(took[0])/float64(unit))
	}
	slices.Sort(ratios)
	slices.Sort(times)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
	b.ReportMetric(times[len(times)/2], "ns/unit")
	b.ReportMetric(0, "ns/op")
}

// sides runs each side alone, to be profiled, and then the two in turn.
func sides(b *testing.B, unit int, ours, bare func()) {
	b.Run("ours", func(b *testing.B) { alone(b, unit, ours) })
	b.Run("bare", func(b *testing.B) { alone(b, unit, bare) })
	b.Run("ratio", func(b *testing.B) { versus(b, unit, ours, bare) })
}

func alone(b *testing.B, unit int, f func()) {
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(unit), "ns/unit")
}

// connect serves a service on a unix socket, as plugins do, until the benchmark ends.
func connect(b *testing.B, service taskpb.TaskServiceServer, so []grpc.ServerOption, do []grpc.DialOption) *grpc.ClientConn {
	b.Helper()
	path := filepath.Join(b.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer(append(so, grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage))...)
	taskpb.RegisterTaskServiceServer(server, service)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with server.Stop
	conn, err := grpc.NewClient("unix:"+path, append(do,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage)))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		serving.Wait()
	})
	return conn
}

// oursOf is a host's client of kinds, that are served as the SDK serves them.
func oursOf(b *testing.B, logger *slog.Logger, kinds ...task.Kind) *wire.Client {
	b.Helper()
	server := wire.NewServer(wire.Description{Name: "bench", Version: "0.1.0"}, kinds, logger)
	return wire.NewClient(connect(b, server, wire.ServerOptions(), wire.DialOptions()))
}

// bare is a service that says what the script has it say, without anything of ours.
type bare struct {
	taskpb.UnimplementedTaskServiceServer
	script func(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error
}

func (s bare) Run(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if err := stream.Send(begun()); err != nil {
		return err
	}
	if err := s.script(stream); err != nil {
		return err
	}
	return stream.Send(finished("", nil))
}

// bareOf is a client of such a service.
func bareOf(b *testing.B, script func(grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error) taskpb.TaskServiceClient {
	b.Helper()
	return taskpb.NewTaskServiceClient(connect(b, bare{script: script}, nil, nil))
}

// quiet is a task.Host that does not care.
type quiet struct{ logger *slog.Logger }

func (q quiet) ID() string                                      { return "task-1" }
func (quiet) Attempt() int                                      { return 1 }
func (q quiet) Logger() *slog.Logger                            { return q.logger }
func (quiet) Ready()                                            {}
func (quiet) Heartbeat()                                        {}
func (quiet) Progress(int64, int64, string)                     {}
func (quiet) Checkpoint(context.Context, json.RawMessage) error { return nil }
func (quiet) Restore() json.RawMessage                          { return nil }

var discard = slog.New(slog.DiscardHandler)

// runOurs runs one task as the host's runner does.
func runOurs(b *testing.B, c *wire.Client, h task.Host) attempt.End {
	a := attempt.New(task.WithHost(context.Background(), h), func(ctx context.Context) (task.Task, error) {
		return started(c.Start(ctx, "run-1", "test", json.RawMessage(`{}`)))
	})
	var end attempt.End
	a.Run(func() {}, func(e attempt.End) { end = e })
	if end.Err != nil {
		b.Error(end.Err)
	}
	return end
}

// runBare does the same with the bare service, to the end of the stream.
func runBare(b *testing.B, c taskpb.TaskServiceClient) { runBareUntil(b, c, func() {}) }

// runBareUntil calls running at the first message.
func runBareUntil(b *testing.B, c taskpb.TaskServiceClient, running func()) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := c.Run(ctx)
	if err != nil {
		b.Error(err)
		return
	}
	if err := stream.Send(&taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: &taskpb.Start{
		Run: "run-1", Task: "task-1", Kind: "test", Config: []byte(`{}`), Attempt: 1,
	}}}); err != nil {
		b.Error(err)
		return
	}
	for first := true; ; first = false {
		if _, err := stream.Recv(); err != nil {
			if err != io.EOF {
				b.Error(err)
			}
			return
		}
		if first {
			running()
		}
	}
}

// atOnce calls f n times, each on a goroutine of its own, and waits.
func atOnce(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

func silent(grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error { return nil }

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
