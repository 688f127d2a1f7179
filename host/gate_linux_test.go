package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
)

// gateKey is where a plugin's environment names the gate that it must pass before it
// serves: a directory with two doors, which are FIFOs.
const gateKey = "HOST_TEST_GATE"

const outer, inner = "outer", "inner"

// passGate waits until someone opens the doors of the gate, one after the other, if there
// is one.
func passGate() {
	gate := os.Getenv(gateKey)
	if gate == "" {
		return
	}
	for _, door := range []string{outer, inner} {
		if f, err := os.Open(filepath.Join(gate, door)); err == nil {
			f.Close()
		}
	}
}

// gate is one that the processes of a test's tasks must pass.
type gate struct {
	t   *testing.T
	dir string
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{t, t.TempDir()}
	for _, door := range []string{outer, inner} {
		if err := unix.Mkfifo(filepath.Join(g.dir, door), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// guards has the processes of a task stop at the gate.
func (g *gate) guards(s *host.Spec) { s.Env.Set = map[string]string{gateKey: g.dir} }

// awaitGuest waits until a process has come, and keeps it within.
func (g *gate) awaitGuest() { g.open(outer, os.O_WRONLY).Close() } // which waits for a reader

// letPass waits until a process is within, and lets it pass.
func (g *gate) letPass() { g.open(inner, os.O_WRONLY).Close() }

// stayOpen lets all pass, until the test ends.
func (g *gate) stayOpen() {
	for _, door := range []string{outer, inner} {
		f := g.open(door, os.O_RDWR) // which waits for nobody
		g.t.Cleanup(func() { f.Close() })
	}
}

func (g *gate) open(door string, how int) *os.File {
	g.t.Helper()
	f, err := os.OpenFile(filepath.Join(g.dir, door), how, 0)
	if err != nil {
		g.t.Fatal(err)
	}
	return f
}
