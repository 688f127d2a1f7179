package plugin_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// child is a plugin that this test started, as its host.
type child struct {
	*wire.Client
	cmd       *exec.Cmd
	handshake wire.Handshake
	stdin     *os.File // the lifeline
	stdout    *bufio.Reader
	stderr    *bufio.Reader
	conn      *grpc.ClientConn
	outputs   []*os.File
}

// launch starts this binary in a role and connects to it. When the test ends it
// is killed.
func launch(t *testing.T, role string, env ...string) *child {
	t.Helper()
	dir, err := os.MkdirTemp("", "plugin-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(append(quiet(),
		roleKey+"="+role,
		wire.CookieKey+"="+wire.CookieValue, wire.SocketDirKey+"="+dir,
		"PLUGIN_MIN_PORT=1", "PLUGIN_MAX_PORT=2", "PLUGIN_PROTOCOL_VERSIONS=1",
	), env...)
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	errR, errW := pipe(t)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = inR, outW, errW
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{inR, outW, errW} {
		_ = f.Close()
	}
	c.stdin, c.stdout, c.stderr, c.outputs = inW, bufio.NewReader(outR), bufio.NewReader(errR), []*os.File{outR, errR}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait() // a second time, where the test has waited
	})
	c.connect(t, dir)
	return c
}

func (c *child) connect(t *testing.T, dir string) {
	t.Helper()
	line, err := c.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("no handshake: %v", err)
	}
	if c.handshake, err = wire.ParseHandshake(line); err != nil {
		t.Fatal(err)
	}
	if c.handshake.Network != "unix" || filepath.Dir(c.handshake.Address) != dir || len(c.handshake.Cert) > 0 {
		t.Errorf("its handshake is %s, for the directory %s", line, dir)
	}
	c.conn, err = grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", c.handshake.Address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.Client = wire.NewClient(c.conn)
}

// start starts a task and returns once it has said that it is ready, so that it
// waits for its stop.
func (c *child) start(t *testing.T, kind string, conf config) (ended <-chan end, h *host) {
	t.Helper()
	raw, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	h = &host{Host: task.HostOf(task.WithHost(t.Context(), nil)), ready: make(chan struct{}), progress: make(chan string, 100)}
	ctx := task.WithHost(t.Context(), h)
	remote, err := c.Start(ctx, "run-1", kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan end, 1)
	go func() { // ends with the plugin
		result, err := remote.Run(ctx)
		ends <- end{fmt.Sprintf("%s", result), err}
	}()
	<-h.ready
	return ends, h
}

type end struct {
	result string
	err    error
}

// host is a task.Host that knows when its task is up.
type host struct {
	task.Host
	logger   *slog.Logger
	ready    chan struct{}
	progress chan string
}

func (h *host) ID() string                          { return "task-1" }
func (h *host) Attempt() int                        { return 1 }
func (h *host) Logger() *slog.Logger                { return cmp.Or(h.logger, slog.New(slog.DiscardHandler)) }
func (h *host) Restore() json.RawMessage            { return nil }
func (h *host) Ready()                              { close(h.ready) }
func (h *host) Progress(_, _ int64, message string) { h.progress <- message }

// wait waits for the plugin's end, which must come by itself.
func (c *child) wait(t *testing.T) {
	t.Helper()
	watchdog := time.AfterFunc(20*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer watchdog.Stop()
	began := time.Now()
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the plugin ended with %v after %v, want exit status 0", err, time.Since(began))
	}
}

// drain reads the plugin's output to its end, so that no pipe fills.
func (c *child) drain() *sync.WaitGroup {
	var all sync.WaitGroup
	all.Go(func() { _, _ = io.Copy(io.Discard, c.stdout) }) // both end with the plugin
	all.Go(func() { _, _ = io.Copy(io.Discard, c.stderr) })
	return &all
}
