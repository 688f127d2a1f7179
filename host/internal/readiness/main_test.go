package readiness_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

const (
	// roleKey makes this test binary a command that a check runs.
	roleKey = "READINESS_TEST_ROLE"
	// witnessKey is the address by which a command shows itself to the test.
	witnessKey = "READINESS_TEST_WITNESS"
)

// roles are the commands. A role that returns exits with status 0.
var roles = map[string]func(){
	"pass": func() {},
	"fail": func() {
		_, _ = io.WriteString(os.Stderr, strings.Repeat("x", 100_000)+" no\nserver \xff\n\n")
		os.Exit(3)
	},
	"ask": ask,
	"hang": func() {
		_, _ = io.Copy(io.Discard, meetWitness())
	},
	"tree": func() {
		start("hang", nil)
		_, _ = io.Copy(io.Discard, meetWitness())
	},
	"background": func() {
		start("hang", nil)
		ask()
	},
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleKey); role != "" {
		roles[role]()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func meetWitness() net.Conn {
	conn, err := net.Dial("tcp", os.Getenv(witnessKey))
	if err != nil {
		panic(err)
	}
	return conn
}

// ask exits with the status that the test answers.
func ask() {
	status := make([]byte, 1)
	if _, err := io.ReadFull(meetWitness(), status); err != nil {
		panic(err)
	}
	os.Exit(int(status[0]))
}

// start starts a child that holds this command's stderr.
func start(role string, how *syscall.SysProcAttr) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleKey+"="+role)
	child.Stderr, child.SysProcAttr = os.Stderr, how
	if err := child.Start(); err != nil {
		panic(err)
	}
}

// play has the commands of this test act in a role. What it returns gives the
// connections of those that show themselves.
func play(t *testing.T, role string) (accept func() net.Conn) {
	t.Helper()
	l := listen(t)
	t.Setenv(roleKey, role)
	t.Setenv(witnessKey, l.Addr().String())
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	return func() net.Conn {
		t.Helper()
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
