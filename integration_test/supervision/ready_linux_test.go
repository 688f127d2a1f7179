package supervision

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// A program that knows nothing of its host is up when the host's check says so, in
// each of its lives, and not before. What needs it waits for that.
func TestAForeignProgramIsReady(t *testing.T) {
	for _, m := range host.Modes() {
		for _, show := range []string{"tcp", "http", "log", "exec"} {
			t.Run(fmt.Sprint(m, " ", show), func(t *testing.T) {
				t.Parallel()
				isReadyInEachLife(t, m, show)
			})
		}
	}
}

func isReadyInEachLife(t *testing.T, m host.Mode, show string) {
	t.Helper()
	g := newRig(t)
	gate, path := openGate(t)
	address, ready := readiness(t, show)
	s := host.Spec{ID: "server", Kind: "exec", Mode: m, Ready: ready, Restart: soon, Config: builtin.ExecConfig{
		Command: []string{"/proc/self/exe"},
		Env:     map[string]string{roleKey: "server", gateKey: path, showKey: show, addressKey: address, markKey: g.mark},
	}}
	if m == host.Process {
		s.Env = g.env()
	}
	h, err := g.Add(s)
	if err != nil {
		t.Fatal(err)
	}
	app := g.add("app", host.Goroutine, actor{Act: "wait"}, needs("server"))
	g.start()
	for attempt := 1; attempt <= 2; attempt++ {
		conn, pid := answer(t, gate)
		if h.Ready() || h.State() != host.StateRunning {
			t.Errorf("attempt %d is %v, and that it is ready is %v, before it has shown so", attempt, h.State(), h.Ready())
		}
		let := time.Now()
		fmt.Fprintln(conn, "in")
		if e := g.awaitReady(h, attempt); e.Time.Before(let) {
			t.Errorf("attempt %d was ready at %v, before it was up at %v", attempt, e.Time, let)
		}
		if attempt == 1 {
			if e := g.awaitReady(app, 1); e.Time.Before(let) {
				t.Errorf("what needs it was ready at %v, before that", e.Time)
			}
		}
		if show == "exec" {
			os.Remove(address)
		}
		g.signal(pid, syscall.SIGKILL)
		f := failure(t, g.awaitState(h, attempt, host.StateBackingOff))
		if !strings.Contains(f.Error(), "killed") {
			t.Errorf("attempt %d: %v", attempt, f)
		}
		conn.Close()
	}
}

// openGate listens where servers wait to be let in.
func openGate(t *testing.T) (net.Listener, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "gate")
	gate, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gate.Close() })
	return gate, path
}

// answer waits for a server at the gate, and returns which process it is.
func answer(t *testing.T, gate net.Listener) (net.Conn, int) {
	t.Helper()
	gate.(*net.UnixListener).SetDeadline(time.Now().Add(observe.Patience))
	conn, err := gate.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var pid int
	if _, err := fmt.Fscanln(bufio.NewReader(conn), &pid); err != nil {
		t.Fatal(err)
	}
	return conn, pid
}

// readiness is where a server is to show that it is up, and the check for it.
func readiness(t *testing.T, show string) (string, host.Readiness) {
	t.Helper()
	switch show {
	case "tcp":
		address := freeAddress(t)
		return address, host.Readiness{TCP: address}
	case "http":
		address := freeAddress(t)
		return address, host.Readiness{HTTP: "http://" + address}
	case "log":
		return "127.0.0.1:80", host.Readiness{Log: `^listening on [\d.:]+$`}
	default:
		file := filepath.Join(t.TempDir(), "up")
		return file, host.Readiness{Exec: []string{"test", "-e", file}}
	}
}

// freeAddress is an address at which a server can listen, and that nobody else is
// given meanwhile: a socket has it that does not listen.
func freeAddress(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", bound.(*unix.SockaddrInet4).Port)
}
