// Package attach connects a host to a plugin that somebody else started by
// `serve --attach`, most often under a debugger: a process that the host did not
// launch, and cannot kill.
package attach

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// Conn is a connection to an attached plugin. Its methods are safe from any
// goroutine.
type Conn struct{ conn *grpc.ClientConn }

// Dial connects to the plugin that serves at address, "unix:" and the absolute path
// of its socket. On Linux it makes sure that who listens there is a process of this
// user; elsewhere the rights of the socket's directory must do. ctx bounds the call
// alone. On success the caller must call Close.
//
// A connection is no proof that a plugin answers: a first call, under a deadline, is.
func Dial(ctx context.Context, address string) (*Conn, error) {
	path, ok := strings.CutPrefix(address, wire.AttachScheme)
	if !ok || !filepath.IsAbs(path) {
		return nil, fmt.Errorf("%q is no address: expected %s/PATH, as the plugin's serve --attach prints it", address, wire.AttachScheme)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("it is a directory, and no socket: %s", advice)
	}
	var d net.Dialer
	socket, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, explain(ctx, err)
	}
	if err = recognise(socket); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	conn, err := speak(socket)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return &Conn{conn}, nil
}

// advice is what to do if nobody serves at an address.
const advice = "start the plugin with serve --attach, and give the address that it prints now"

// explain says what to do if nobody serves there.
func explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("nobody serves there, and there is no such socket: %s", advice)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody serves there any more, the plugin that did was killed: %s", advice)
	default:
		return err
	}
}

// recognise refuses whoever runs as another user.
func recognise(socket net.Conn) error {
	if !wire.PeerKnown {
		return nil
	}
	pid, uid, err := wire.PeerOf(socket)
	if err == nil && uid != os.Getuid() {
		err = fmt.Errorf("process %d, which serves there, is not of this user, %d, but of user %d", pid, os.Getuid(), uid)
	}
	return err
}

// speak makes a gRPC connection of one socket, which ends with it.
func speak(socket net.Conn) (*grpc.ClientConn, error) {
	var taken atomic.Bool
	conn, err := grpc.NewClient("passthrough:///plugin", append(wire.DialOptions(),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			if !taken.CompareAndSwap(false, true) {
				return nil, errors.New("the plugin hung up")
			}
			return socket, nil
		}),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // recognise sees to it
		grpc.WithConnectParams(grpc.ConnectParams{
			MinConnectTimeout: time.Hour,             // each call has a deadline of its own
			Backoff:           backoff.DefaultConfig, // without it gRPC would dial without a pause
		}),
		grpc.WithIdleTimeout(0), // to hang up is to end the tasks
	)...)
	if err == nil {
		conn.Connect()
	}
	return conn, err
}

// Client speaks to the plugin.
func (c *Conn) Client() *wire.Client { return wire.NewClient(c.conn) }

// Close hangs up: the plugin stops what runs over this connection. It does not
// wait. Another call does nothing.
func (c *Conn) Close() { _ = c.conn.Close() }
