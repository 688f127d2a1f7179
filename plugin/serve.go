package plugin

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// farewell is how long tasks may clean up after their host is gone.
const farewell = 700 * time.Millisecond

// serve returns nil when the host is done with the plugin or gone.
func serve(d wire.Description, kinds []task.Kind) error {
	signals, minded := notify() // beside what follows
	lifeline := os.Getenv(wire.LifelineKey) == "stdin"
	identity, err := newIdentity(os.Getenv(wire.ClientCertKey))
	if err != nil {
		return err
	}
	listener, err := listen(os.Getenv(wire.SocketDirKey))
	if err != nil {
		return err
	}
	logger := slog.New(wire.NewLogHandler(os.Stderr))
	slog.SetDefault(logger)
	if os.Getenv(wire.LogKey) == wire.LogMessages {
		logger = nil // each task has its stream
	}
	// What a task starts is not a plugin of our host.
	for _, key := range []string{
		wire.CookieKey, wire.LifelineKey, wire.SocketDirKey, wire.ClientCertKey, wire.LogKey,
		"PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS",
	} {
		_ = os.Unsetenv(key)
	}

	tasks := wire.NewServer(d, kinds, logger)
	watch := &hostWatch{gone: make(chan struct{})}
	server := newServer(tasks, grpc.Creds(watch.over(identity.credentials)))
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with server.Stop

	<-minded // before the host can send one
	handshake := wire.Handshake{
		Protocol: wire.ProtocolVersion, Network: listener.Addr().Network(), Address: listener.Addr().String(),
		Cert: identity.cert, Expendable: os.Getenv("GOCOVERDIR") == "", // which the process's exit writes to
	}
	if _, err := fmt.Fprintln(os.Stdout, handshake); err != nil {
		return fmt.Errorf("print the handshake: %w", err)
	}
	if lifeline {
		go func() { // ends with the host, or with this process
			if _, err := io.Copy(io.Discard, lifelineEnd()); err == nil { // else a task has closed it
				watch.lost()
			}
		}()
	}

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-signals:
		tasks.Close(task.ErrStopped)
		select {
		case <-tasks.Idle():
		case <-watch.gone:
		}
	case <-watch.gone:
		tasks.Close(task.ErrHostGone)
	}
	stop(server, tasks)
	return nil
}

// newServer is the gRPC server of a plugin's tasks.
func newServer(tasks *wire.Server, opts ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append(opts, wire.ServerOptions()...)...)
	tasks.Register(server)
	return server
}

// notify returns where SIGTERM arrives, once minded is closed. SIGINT is the host's to
// answer, and output that a dead host does not read must not end the process before its
// tasks are. What is ignored instead of received would be ignored by what a task starts, too.
func notify() (signals <-chan os.Signal, minded <-chan struct{}) {
	terminate, done := make(chan os.Signal, 1), make(chan struct{})
	go func() { // for a quarter of a millisecond, in which the runtime waits for a thread of its own
		signal.Notify(terminate, syscall.SIGTERM)
		signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGPIPE)
		close(done)
	}()
	return terminate, done
}

// stop gives tasks that are ending, and their last words to the host, farewell.
func stop(server *grpc.Server, tasks *wire.Server) {
	hurry := time.AfterFunc(farewell, server.Stop)
	defer hurry.Stop()
	select {
	case <-tasks.Idle():
		server.GracefulStop()
	case <-time.After(farewell):
	}
}

// listen makes the plugin's socket: in dir, or where there are no unix sockets
// on a port of the loopback interface.
func listen(dir string) (net.Listener, error) {
	if runtime.GOOS == "windows" {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	if dir == "" {
		return nil, fmt.Errorf("the host named no directory for the socket in %s", wire.SocketDirKey)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, fmt.Sprintf("%d.sock", os.Getpid())))
	if err != nil || !wire.PeerKnown {
		return listener, err
	}
	return &guardedListener{Listener: listener, hosts: starters()}, nil
}
