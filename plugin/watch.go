package plugin

import (
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
)

// hostWatch tells when the host is gone: its last connection, or its end of the
// lifeline. It counts connections by their credentials: a stats.Handler, which could
// too, is called for each message.
type hostWatch struct {
	connections atomic.Int64
	once        sync.Once
	gone        chan struct{} // closed when the host is
}

func (w *hostWatch) lost() { w.once.Do(func() { close(w.gone) }) }

// over has the connections counted on which the credentials find the host. Strangers
// may come and go.
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

// watchedConn is a connection of the host. gRPC closes it once the host has.
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
