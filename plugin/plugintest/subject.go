package plugintest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/hostelry-run/hostelry/shared/conformance"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// subject is a plugin of one kind, in this process.
type subject struct{ kind task.Kind }

// CheckSchema implements conformance.Subject. The schema of a Go type is checked where
// it is derived, and a config by its decoding.
func (subject) CheckSchema(json.RawMessage, json.RawMessage) error { return nil }

// Start implements conformance.Subject.
func (s subject) Start(context.Context) (conformance.Instance, error) {
	d := wire.Description{Name: s.kind.Name(), Version: "0.0.0", Kinds: []wire.KindDescription{
		{Name: s.kind.Name(), Description: s.kind.Description()},
	}}
	i := &instance{
		listener: bufconn.Listen(1 << 20),
		tasks:    wire.NewServer(d, []task.Kind{s.kind}, slog.New(slog.DiscardHandler)),
		server:   grpc.NewServer(grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage)),
		done:     make(chan struct{}),
	}
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return i.listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage)))
	if err != nil {
		return nil, err
	}
	i.conn = conn
	i.tasks.Register(i.server)
	i.serving.Go(func() { _ = i.server.Serve(i.listener) }) // ends with server.Stop
	return i, nil
}

// instance serves the kind over a connection in memory.
type instance struct {
	listener *bufconn.Listener
	tasks    *wire.Server
	server   *grpc.Server
	serving  sync.WaitGroup
	conn     *grpc.ClientConn
	done     chan struct{} // closed by Close
}

func (i *instance) Conn() grpc.ClientConnInterface { return i.conn }
func (i *instance) Done() <-chan struct{}          { return i.done }
func (i *instance) Fate() string                   { return "it was closed" }

// Close stops the tasks that are left, and gives up those that do not stop.
func (i *instance) Close() {
	i.tasks.Close(task.ErrHostGone)
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-i.tasks.Idle():
	case <-patience.C:
	}
	_ = i.conn.Close()
	i.server.Stop()
	i.serving.Wait()
	close(i.done)
}
