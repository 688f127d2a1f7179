package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// company is the two healthy tasks that run beside a hostile one: one from before
// to after it, one at the same time.
type company struct {
	steady, quick *host.Handle
	work          quick
	gate          net.Listener
	conn          net.Conn // to the steady task
	sent          []byte
}

func newCompany(t *testing.T, r *host.Runner) *company {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &company{work: quick{Rounds: 200}}
	if c.gate, err = net.Listen("unix", filepath.Join(dir, "gate")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.gate.Close() })
	env := host.Env{FromHost: []string{"GORACE"}}
	c.steady, err = r.Add(host.Spec{ID: "steady", Kind: "steady", Config: steady{Gate: c.gate.Addr().String()}, Env: env})
	if err == nil {
		c.quick, err = r.Add(host.Spec{ID: "quick", Kind: "quick", Config: c.work, Env: env})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// greet waits until the steady task is at work.
func (c *company) greet(t *testing.T, w *observe.Events) {
	t.Helper()
	c.gate.(*net.UnixListener).SetDeadline(time.Now().Add(patience))
	var err error
	if c.conn, err = c.gate.Accept(); err != nil {
		t.Fatalf("the steady task did not come: %v (%v)", err, c.steady.Err())
	}
	t.Cleanup(func() { c.conn.Close() })
	c.ask(t, w)
}

// ask sends the steady task a byte and waits for its answer, as an event. It
// returns how long that took.
func (c *company) ask(t *testing.T, w *observe.Events) time.Duration {
	t.Helper()
	begin := time.Now()
	c.sent = append(c.sent, byte(len(c.sent)))
	if _, err := c.conn.Write(c.sent[len(c.sent)-1:]); err != nil {
		t.Fatal(err)
	}
	w.Await(t, "an answer of the steady task", func(e host.Event) bool {
		return e.Task == "steady" && e.Progress.Done == int64(len(c.sent))
	})
	return time.Since(begin)
}

// check lets the steady task go, and sees that both end right.
func (c *company) check(t *testing.T, w *observe.Events) {
	t.Helper()
	c.ask(t, w)
	c.conn.Close()
	sum := sha256.Sum256(c.sent)
	for _, task := range []struct {
		handle *host.Handle
		want   string
	}{{c.steady, hex.EncodeToString(sum[:])}, {c.quick, c.work.expected()}} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		got, err := host.Result[string](ctx, task.handle)
		cancel()
		if got != task.want || err != nil || task.handle.State() != host.StateSucceeded {
			t.Errorf("%s beside it is %v and returned %q, %v; want %q", task.handle.ID(), task.handle.State(), got, err, task.want)
		}
	}
}
