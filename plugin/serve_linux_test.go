package plugin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
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

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
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
	ready    chan struct{}
	progress chan string
}

func (h *host) ID() string                          { return "task-1" }
func (h *host) Attempt() int                        { return 1 }
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

func TestServe(t *testing.T) {
	for role, want := range map[string]string{"tasks": "good 1.2.3", "self": "self 0.0.0"} {
		c := launch(t, role)
		d, err := c.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Name + " " + d.Version; got != want || len(d.Kinds) != len(tasks()) {
			t.Errorf("%s: it is %q with %d kinds, want %q", role, got, len(d.Kinds), want)
		}
		_ = c.conn.Close() // the last connection
		c.wait(t)
	}
}

// TestPrints: what a plugin prints while it serves comes out as it is, and its
// logs as hclog's JSON on stderr.
func TestPrints(t *testing.T) {
	c := launch(t, "tasks")
	remote, err := c.Start(t.Context(), "run-1", "print", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if line, err := c.stdout.ReadString('\n'); line != "on stdout\n" {
		t.Errorf("stdout has %q, %v", line, err)
	}
	var got []string
	for range 3 {
		line, err := c.stderr.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := wire.ParseLogLine([]byte(line)); ok {
			line = fmt.Sprintln(r.Level, r.Message, r.NumAttrs())
		}
		got = append(got, line)
	}
	if want := []string{"on stderr\n", "WARN by default 1\n", "ERROR by task 1\n"}; !slices.Equal(got, want) {
		t.Errorf("stderr has %q, want %q", got, want)
	}
}

// TestPrintBefore: what is printed before Main stands where the handshake should.
func TestPrintBefore(t *testing.T) {
	stdout, _, _ := byHand(t, "chatty", wire.CookieKey+"="+wire.CookieValue, wire.SocketDirKey+"=/nowhere")
	if line, _, _ := strings.Cut(stdout, "\n"); line != "hello before" {
		t.Errorf("stdout begins with %q", line)
	}
}

// TestSIGTERM stops the tasks; their last words, however long, arrive before the
// process ends.
func TestSIGTERM(t *testing.T) {
	c := launch(t, "tasks")
	reading := c.drain()
	ends, _ := c.start(t, "stop", config{})
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := <-ends; !errors.Is(e.err, task.ErrStopped) || len(e.result) != 1<<20+2 {
		t.Errorf("the task ended with %d bytes and %v", len(e.result), e.err)
	}
	reading.Wait()
	c.wait(t)
}

// TestSIGINT is left to the host.
func TestSIGINT(t *testing.T) {
	c := launch(t, "tasks")
	for range 3 {
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.conn.Close()
	c.wait(t)
}

// TestHostGone: whatever shows it, the tasks clean up and the process ends. It
// may log and print meanwhile, though nobody reads.
func TestHostGone(t *testing.T) {
	for name, c := range map[string]struct {
		env []string
		die func(*child)
	}{
		"the end of the lifeline":         {[]string{wire.LifelineKey + "=stdin"}, func(c *child) { _ = c.stdin.Close() }},
		"the end of the last connection":  {nil, func(c *child) { _ = c.conn.Close() }},
		"the end of both, and of readers": {[]string{wire.LifelineKey + "=stdin"}, (*child).vanish},
		"only after a SIGTERM": {[]string{wire.LifelineKey + "=stdin"}, func(c *child) {
			_ = c.cmd.Process.Signal(syscall.SIGTERM)
			c.vanish()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			plugin := launch(t, "tasks", c.env...)
			ends, _ := plugin.start(t, "stop", config{Trace: trace})
			var reading *sync.WaitGroup
			if !strings.Contains(name, "readers") && !strings.Contains(name, "SIGTERM") {
				reading = plugin.drain()
			}
			c.die(plugin)
			plugin.wait(t)
			<-ends
			if reading != nil {
				reading.Wait()
			}
			got, err := os.ReadFile(trace)
			if err != nil {
				t.Fatalf("it did not clean up: %v", err)
			}
			if want := task.ErrHostGone.Error(); string(got) != want && !strings.Contains(name, "SIGTERM") {
				t.Errorf("the task's cause was %q, want %q", got, want)
			}
		})
	}
}

// vanish is the host's death: all that it held is closed at once.
func (c *child) vanish() {
	for _, f := range c.outputs {
		_ = f.Close()
	}
	_ = c.stdin.Close()
	_ = c.conn.Close()
}

// TestStubborn: a task that does not end keeps no process alive whose host is gone.
func TestStubborn(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *child, *host){
		"at once": func(*testing.T, *child, *host) {},
		"while it stops": func(t *testing.T, c *child, h *host) {
			if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if got := <-h.progress; got != "asked in vain" {
				t.Errorf("the task says %q", got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := launch(t, "tasks", wire.LifelineKey+"=stdin")
			ends, h := c.start(t, "stubborn", config{})
			before(t, c, h)
			began := time.Now()
			c.vanish()
			c.wait(t)
			<-ends
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v, want a second", took)
			}
		})
	}
}

// TestChildren of a plugin are not plugins of its host, and no signal is ignored
// for them that was not.
func TestChildren(t *testing.T) {
	c := launch(t, "tasks", wire.LifelineKey+"=stdin")
	remote, err := c.Start(t.Context(), "run-1", "children", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.Run(t.Context())
	if text := fmt.Sprintf("%s", got); text != `"done\n"` || err != nil {
		t.Errorf("a child sees %s, %v", text, err)
	}
}

// TestStranger: nobody but the host is let in, and who tries ends nothing.
func TestStranger(t *testing.T) {
	c := launch(t, "tasks")
	if _, err := c.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command(os.Args[0], c.handshake.Address)
	stranger.Env = append(quiet(), roleKey+"=stranger")
	if out, err := stranger.CombinedOutput(); string(out) != `heard "" <nil>` || err != nil {
		t.Errorf("the stranger says %s, %v", out, err)
	}
	if line, err := c.stderr.ReadString('\n'); !strings.Contains(line, "hung up on a stranger") {
		t.Errorf("the plugin logs %q, %v", line, err)
	}
	if _, err := c.Describe(t.Context()); err != nil {
		t.Errorf("after the stranger: %v", err)
	}
}
