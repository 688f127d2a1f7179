package pluginproc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// connect makes the connection to the plugin, which waits until the plugin has
// said where it listens.
func (r *pluginRunner) connect() (err error) {
	r.conn, err = grpc.NewClient("passthrough:///plugin", append(wire.DialOptions(),
		grpc.WithContextDialer(r.dial),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // dial sees to it
		grpc.WithConnectParams(grpc.ConnectParams{
			MinConnectTimeout: time.Hour,             // the launch has its own
			Backoff:           backoff.DefaultConfig, // without it gRPC would dial a thousand times a second
		}),
		grpc.WithIdleTimeout(0), // to hang up is to end the plugin
	)...)
	if err == nil {
		r.conn.Connect()
	}
	return err
}

// errOnce refuses a second connection: a plugin that could end each one as soon as it
// stood would have gRPC make them without a pause.
var errOnce = errors.New("the plugin hung up, and the host connects once")

// dial connects to where the plugin said that it listens, and makes sure that it
// is the plugin who does. gRPC calls it for each connection, of which there is one.
func (r *pluginRunner) dial(ctx context.Context, _ string) (net.Conn, error) {
	select {
	case <-r.located:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !r.dialled.CompareAndSwap(false, true) {
		return nil, errOnce
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, r.network, r.address)
	if err != nil {
		r.mu.Lock()
		r.dialErr = err
		r.mu.Unlock()
		return nil, err
	}
	if wire.PeerKnown {
		if err := r.recognise(conn); err != nil {
			_ = conn.Close()
			r.accuse(err)
			return nil, err
		}
	}
	socket := &socket{Conn: conn, closed: make(chan struct{})}
	r.mu.Lock()
	r.socket = socket
	r.mu.Unlock()
	if r.tls() {
		return secure(ctx, socket, r.certificates())
	}
	return socket, nil
}

// socket is the connection's. gRPC closes it.
type socket struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (s *socket) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// drain has gRPC read what the dead plugin sent, its last word perhaps, and then the end,
// also where a grandchild holds the other end open.
func (s *socket) drain() {
	half, ok := s.Conn.(interface{ CloseRead() error })
	if !ok || half.CloseRead() != nil { // it is closed
		return
	}
	timer := time.NewTimer(dying)
	defer timer.Stop()
	select {
	case <-s.closed:
	case <-timer.C:
	}
}

// disconnect ends every stream of the dead plugin.
func (r *pluginRunner) disconnect() {
	if r.conn == nil {
		return
	}
	r.mu.Lock()
	socket := r.socket
	r.mu.Unlock()
	if socket != nil {
		socket.drain()
	}
	_ = r.conn.Close()
}

// unreached says that nobody answers at the plugin's address: as the system has it if there
// was nobody to dial, or else as gRPC has it.
func (r *pluginRunner) unreached(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if failed, ok := errors.AsType[*net.OpError](r.dialErr); ok {
		return fmt.Errorf("it cannot be reached at %s: %w; it must listen there before it prints its handshake", r.address, failed.Err)
	}
	return fmt.Errorf("it cannot be reached at %s: %w", r.address, err)
}

// secure has both sides prove themselves by the launch's certificates.
func secure(ctx context.Context, conn net.Conn, certificates *tls.Config) (net.Conn, error) {
	config := certificates.Clone()
	config.NextProtos = []string{"h2"} // what gRPC speaks
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// accuse ends the launch, unless the plugin has ended by itself: then nobody who
// answers for it is one of its group, which has none any more.
func (r *pluginRunner) accuse(err error) {
	select {
	case <-r.group.Done():
	default:
		r.mu.Lock()
		r.stranger = err
		r.mu.Unlock()
		r.kill()
	}
}

// recognise refuses whoever is not the child that was started, nor descends from it in its
// process group, or runs as another user. To be in the group is not enough: any process
// of the host's session that runs as this user can join it.
func (r *pluginRunner) recognise(conn net.Conn) error {
	pid, uid, err := wire.PeerOf(conn)
	if err != nil {
		return err
	}
	if uid != os.Getuid() || !r.group.Has(pid) || !descends(pid, r.group.Pid()) {
		return fmt.Errorf("process %d of user %d listens in the plugin's place: it is not the plugin, process %d of user %d, nor descends from it in its process group",
			pid, uid, r.group.Pid(), os.Getuid())
	}
	return nil
}
