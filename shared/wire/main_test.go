package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial serves a gRPC service over a connection in memory, until the test ends.
func dial(t testing.TB, service taskpb.TaskServiceServer) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(wire.ServerOptions()...)
	if service != nil {
		taskpb.RegisterTaskServiceServer(server, service)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with server.Stop
	conn, err := grpc.NewClient("passthrough:///plugin", append(wire.DialOptions(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		serving.Wait()
	})
	return conn
}

// plugin is a plugin in this process, and a host's connection to it.
type plugin struct {
	*wire.Client
	server *wire.Server
	conn   *grpc.ClientConn
}

// serve serves kinds as the plugin SDK does. At the test's end it checks that
// every session of it ends.
func serve(t testing.TB, kinds ...task.Kind) plugin {
	t.Helper()
	d := wire.Description{Name: "test", Version: "1.2.3"}
	for _, k := range kinds {
		d.Kinds = append(d.Kinds, wire.KindDescription{
			Name: k.Name(), Description: k.Description(), ConfigSchema: json.RawMessage(`{"type":"object"}`),
		})
	}
	server := wire.NewServer(d, kinds, slog.New(slog.DiscardHandler))
	conn := dial(t, server)
	t.Cleanup(func() { server.Close(task.ErrStopped); <-server.Idle() })
	return plugin{wire.NewClient(conn), server, conn}
}

// kind is a kind without config, of a function.
func kind(run func(ctx context.Context) (any, error)) task.Kind {
	return task.NewKind("test", func(struct{}) (task.Task, error) { return task.Func(run), nil })
}

// waits is a kind whose tasks run until they are stopped.
func waits() task.Kind {
	return kind(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, context.Cause(ctx) })
}

// host is a task.Host that notes what it is told.
type host struct {
	id      string
	attempt int
	logger  *slog.Logger
	restore json.RawMessage
	keep    func(ctx context.Context, data json.RawMessage) error // what Checkpoint does

	mu    sync.Mutex
	calls []string
}

var _ task.Host = (*host)(nil)

func (h *host) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, fmt.Sprintf(format, args...))
}

func (h *host) noted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.calls...)
}

func (h *host) ID() string   { return h.id }
func (h *host) Attempt() int { return h.attempt }
func (h *host) Logger() *slog.Logger {
	if h.logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.logger
}
func (h *host) Ready()     { h.note("ready") }
func (h *host) Heartbeat() { h.note("heartbeat") }
func (h *host) Progress(done, total int64, message string) {
	h.note("progress %d/%d %s", done, total, message)
}

func (h *host) Checkpoint(ctx context.Context, data json.RawMessage) error {
	h.note("checkpoint %s", data)
	if h.keep != nil {
		return h.keep(ctx, data)
	}
	return nil
}
func (h *host) Restore() json.RawMessage { return h.restore }

// on puts h on a ctx.
func (h *host) on(ctx context.Context) context.Context { return task.WithHost(ctx, h) }

// run drives one task of the plugin's kind "test" to its end, as a host does.
func (p plugin) run(t testing.TB, h *host, config string) attempt.End {
	t.Helper()
	return run(t, p.Client, h, config)
}

func run(t testing.TB, client *wire.Client, h *host, config string) attempt.End {
	t.Helper()
	var end attempt.End
	a := attempt.New(h.on(t.Context()), func(ctx context.Context) (task.Task, error) {
		return started(client.Start(ctx, "run-1", "test", json.RawMessage(config)))
	})
	a.Run(func() {}, func(e attempt.End) { end = e })
	return end
}

// started keeps a nil *wire.Remote from becoming a task.
func started(r *wire.Remote, err error) (task.Task, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// begin is run in the background: it returns the attempt, to be stopped, and
// its end.
func (p plugin) begin(t testing.TB, h *host) (*attempt.Attempt, <-chan attempt.End) {
	t.Helper()
	ends, running := make(chan attempt.End, 1), make(chan struct{})
	a := attempt.New(h.on(t.Context()), func(ctx context.Context) (task.Task, error) {
		return started(p.Start(ctx, "run-1", "test", nil))
	})
	go a.Run(func() { close(running) }, func(e attempt.End) { ends <- e }) // ends with the plugin's task
	select {
	case <-running:
	case e := <-ends:
		t.Fatalf("it did not start: %v", e.Err)
	}
	return a, ends
}

var errBoom = errors.New("boom")
