package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// attachable is a plugin that hosts attach.
type attachable struct {
	*person
	socket string
}

func serveAttach(t *testing.T, env ...string) *attachable {
	t.Helper()
	p := beginWith(t, append(append(quiet(), roleKey+"=hand"), env...), "serve", "--attach")
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("it says no address: %v", err)
	}
	words := regexp.MustCompile(`^hostelry run --attach '?good=unix:(/[^']*/socket)'? JOB\.yaml\n$`).FindStringSubmatch(line)
	if words == nil {
		t.Fatalf("it says %q", line)
	}
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(words[1])) }) // where the test has killed it
	return &attachable{p, words[1]}
}

// dial is what a host does; hang up by Close of the connection.
func (a *attachable) dial(t *testing.T) *child {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", a.socket)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &child{Client: wire.NewClient(conn), conn: conn}
}

// wantRemoved checks that nothing is left of the socket.
func (a *attachable) wantRemoved(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Dir(a.socket)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory of its socket: %v", err)
	}
}

// TestAttach: several hosts at once and one after the other, one of which vanishes;
// the plugin outlives them, until Ctrl-C.
func TestAttach(t *testing.T) {
	a := serveAttach(t)
	info, err := os.Stat(filepath.Dir(a.socket))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory of its socket: %v, %v", info.Mode(), err)
	}
	first, second := a.dial(t), a.dial(t)
	if d, err := first.Describe(t.Context()); err != nil || d.Name != "good" || len(d.Kinds[0].ConfigSchema) == 0 {
		t.Errorf("it is %+v, %v", d, err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	firstEnds, _ := first.start(t, "stop", config{Trace: trace})
	secondEnds, _ := second.start(t, "stop", config{})

	_ = first.conn.Close() // which is all that a dying host does
	if e := <-firstEnds; !errors.Is(e.err, wire.ErrLost) {
		t.Errorf("the first host's task ended with %v", e.err)
	}
	for third := a.dial(t); ; {
		if cause, err := os.ReadFile(trace); err == nil && len(cause) > 0 {
			if string(cause) != task.ErrHostGone.Error() {
				t.Errorf("the first host's task was stopped with %q", cause)
			}
			break
		}
		if _, err := third.Describe(t.Context()); err != nil { // meanwhile it serves
			t.Fatal(err)
		}
	}

	a.signal(t, syscall.SIGINT)
	if e := <-secondEnds; !errors.Is(e.err, task.ErrStopped) || len(e.result) != 1<<20+2 {
		t.Errorf("the second host's task ended with %d bytes and %v", len(e.result), e.err)
	}
	if stdout, status := a.finish(t); status != 0 {
		t.Errorf("exit status %d, stdout %q, stderr\n%s", status, stdout, &a.said)
	}
	a.wantRemoved(t)
}

// TestAttachSecondSignal ends the plugin whatever its tasks do.
func TestAttachSecondSignal(t *testing.T) {
	a := serveAttach(t)
	ends, h := a.dial(t).start(t, "stubborn", config{})
	a.signal(t, syscall.SIGTERM)
	if got := <-h.progress; got != "asked in vain" {
		t.Errorf("the task says %q", got)
	}
	a.signal(t, syscall.SIGINT)
	if _, status := a.finish(t); status != 130 {
		t.Errorf("exit status %d, stderr\n%s", status, &a.said)
	}
	if e := <-ends; !errors.Is(e.err, wire.ErrLost) {
		t.Errorf("the task ended with %v", e.err)
	}
	a.wantRemoved(t)
}

// TestAttachLogs: a task's log reaches its host, though that does not read the
// plugin's stderr; what it prints stays here.
func TestAttachLogs(t *testing.T) {
	a := serveAttach(t)
	var log bytes.Buffer
	h := &host{Host: task.HostOf(task.WithHost(t.Context(), nil)), logger: slog.New(slog.NewTextHandler(&log, nil))}
	ctx := task.WithHost(t.Context(), h)
	remote, err := a.dial(t).Start(ctx, "run-1", "print", json.RawMessage("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `level=ERROR msg="by task" n=8`) {
		t.Errorf("the host's log is\n%s", got)
	}
	a.until(t, "by default")
	a.signal(t, syscall.SIGINT)
	stdout, _ := a.finish(t)
	if !strings.Contains(a.said.String(), "on stderr\n") || stdout != "on stdout\n" {
		t.Errorf("stdout %q, stderr\n%s", stdout, &a.said)
	}
}

// TestAttachDirectory: a path that is too long for a socket is not taken, and one
// that a shell would cut is quoted.
func TestAttachDirectory(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "a b") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	long := filepath.Join(dir, strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string][]string{
		"with a space":      {"TMPDIR=" + dir},
		"too long":          {"TMPDIR=" + long, "XDG_RUNTIME_DIR=" + dir},
		"that is not there": {"TMPDIR=/nowhere", "XDG_RUNTIME_DIR=" + dir},
	} {
		a := serveAttach(t, env...)
		if !strings.HasPrefix(a.socket, dir+"/hostelry-attach-") {
			t.Errorf("%s: the socket is %s", name, a.socket)
		}
		if _, err := a.dial(t).Describe(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		a.signal(t, syscall.SIGINT)
		if _, status := a.finish(t); status != 0 {
			t.Errorf("%s: exit status %d, stderr\n%s", name, status, &a.said)
		}
		a.wantRemoved(t)
		if left, err := os.ReadDir(long); len(left) > 0 || err != nil {
			t.Errorf("%s: left is %v, %v", name, left, err)
		}
	}
}

// TestAttachSweeps: what a plugin left that was killed goes when the next one comes,
// but nothing else.
func TestAttachSweeps(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "sweep-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	old := func(path string) {
		if err := os.Chtimes(path, time.Now(), time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	killed, young, alive := serveAttach(t, "TMPDIR="+dir), serveAttach(t, "TMPDIR="+dir), serveAttach(t, "TMPDIR="+dir)
	for _, a := range []*attachable{killed, young} {
		a.signal(t, syscall.SIGKILL)
		a.finish(t)
	}
	old(killed.socket)
	old(alive.socket)
	other := filepath.Join(dir, "hostelry-attach-other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	serveAttach(t, "TMPDIR="+dir)
	killed.wantRemoved(t)
	for _, path := range []string{young.socket, alive.socket, other} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := alive.dial(t).Describe(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAttachNewTasksWhileItStops are refused, with the reason.
func TestAttachNewTasksWhileItStops(t *testing.T) {
	a := serveAttach(t)
	c := a.dial(t)
	_, h := c.start(t, "stubborn", config{})
	a.signal(t, syscall.SIGTERM)
	if got := <-h.progress; got != "asked in vain" {
		t.Errorf("the task says %q", got)
	}
	if _, err := c.Start(t.Context(), "run-1", "print", nil); err == nil || !strings.Contains(fmt.Sprint(err), "the plugin is stopping") {
		t.Errorf("a new task: %v", err)
	}
	a.signal(t, syscall.SIGTERM)
	a.finish(t)
}
