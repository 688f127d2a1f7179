package conformance

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

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Local is a Subject that serves a kind in this process, as a plugin of its own, over a
// connection in memory. Checks that need a process are not applicable to it.
func Local(k task.Kind) Subject { return local{k} }

type local struct{ kind task.Kind }

// CheckSchema implements Subject. The schema of a Go type is checked where it is
// derived, and a config by its decoding.
func (local) CheckSchema(json.RawMessage, json.RawMessage) error { return nil }

// Start implements Subject.
func (l local) Start(context.Context) (Instance, error) {
	d := wire.Description{Name: l.kind.Name(), Version: "0.0.0", Kinds: []wire.KindDescription{
		{Name: l.kind.Name(), Description: l.kind.Description()},
	}}
	i := &localInstance{
		listener: bufconn.Listen(1 << 20),
		tasks:    wire.NewServer(d, []task.Kind{l.kind}, slog.New(slog.DiscardHandler)),
		server:   grpc.NewServer(wire.ServerOptions()...),
		done:     make(chan struct{}),
	}
	conn, err := grpc.NewClient("passthrough:///plugin", append(wire.DialOptions(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return i.listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, err
	}
	i.conn = conn
	i.tasks.Register(i.server)
	i.serving.Go(func() { _ = i.server.Serve(i.listener) }) // ends with server.Stop
	return i, nil
}

// localInstance is a plugin in this process.
type localInstance struct {
	listener *bufconn.Listener
	tasks    *wire.Server
	server   *grpc.Server
	serving  sync.WaitGroup
	conn     *grpc.ClientConn
	done     chan struct{} // closed by Close
}

func (i *localInstance) Conn() grpc.ClientConnInterface { return i.conn }
func (i *localInstance) Done() <-chan struct{}          { return i.done }
func (i *localInstance) Fate() string                   { return "it was closed" }

// patience is how long tasks may take to end that are still there at the end: what a
// plugin has whose host is gone.
const patience = time.Second

// Close stops the tasks that are left, and gives up those that do not stop.
func (i *localInstance) Close() {
	i.tasks.Close(task.ErrHostGone)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-i.tasks.Idle():
	case <-timer.C:
	}
	_ = i.conn.Close()
	i.server.Stop()
	i.serving.Wait()
	close(i.done)
}
