package plugin

import (
	"net"
	"os"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/credentials"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// hostWatch tells when the host is gone: its last connection, or its end of the
// lifeline. Then the tasks are stopped.
type hostWatch struct {
	tasks       *wire.Server
	connections atomic.Int64
	once        sync.Once
	gone        chan struct{} // closed when the host is, and tasks still run
}

// lost is called when the host is gone. If nothing runs, the process ends here and
// now: to have main end it would wake two threads more, and to take leave of who has
// hung up, as gRPC does it, is a third of what the plugin computes for its end.
// The socket is left to the host, as its directory is.
func (w *hostWatch) lost() {
	w.once.Do(func() {
		w.tasks.Close(task.ErrHostGone)
		select {
		case <-w.tasks.Idle():
			os.Exit(0)
		default:
			close(w.gone)
		}
	})
}

// over has the connections counted on which credentials find the host. Others, such as
// strangers, come and go.
func (w *hostWatch) over(c credentials.TransportCredentials) credentials.TransportCredentials {
	return watchedCredentials{c, w}
}

type watchedCredentials struct {
	credentials.TransportCredentials

	watch *hostWatch
}

// ServerHandshake implements credentials.TransportCredentials.
func (c watchedCredentials) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return nil, nil, err
	}
	c.watch.connections.Add(1)
	return &watchedConn{Conn: conn, watch: c.watch}, info, nil
}

// Clone implements credentials.TransportCredentials.
func (c watchedCredentials) Clone() credentials.TransportCredentials {
	return c.watch.over(c.TransportCredentials.Clone())
}

// watchedConn is a connection of the host. gRPC closes it as soon as the host has.
type watchedConn struct {
	net.Conn

	watch *hostWatch
	once  sync.Once
}

// Close implements net.Conn.
func (c *watchedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		if c.watch.connections.Add(-1) == 0 {
			c.watch.lost()
		}
	})
	return err
}
