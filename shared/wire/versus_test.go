package wire_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"path/filepath"
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
