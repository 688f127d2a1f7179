package supervision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// soon is a restart policy that costs a test no time.
var soon = host.Restart{When: host.RestartOnFailure, Initial: time.Millisecond, Cap: 10 * time.Millisecond}

// quickly is how long the system may take to bury what was killed.
const quickly = 10 * time.Second

// rig is a runner under test, whose tasks write one trace.
type rig struct {
	*host.Runner
	t      *testing.T
	events *observe.Events
	mark   string // in the environment of all that it starts
	trace  string
}

var rigs atomic.Int64

// newRig makes a runner. It is stopped at the test's end, and then nothing that it
// started is alive.
func newRig(t *testing.T, opts ...host.Option) *rig {
	t.Helper()
	g := &rig{t: t, mark: fmt.Sprintf("%d-%d", os.Getpid(), rigs.Add(1)), trace: filepath.Join(t.TempDir(), "trace")}
	var err error
	g.Runner, err = host.New(append([]host.Option{
		host.WithCatalog(known), host.WithMode(host.Process), host.WithStartTimeout(observe.Patience),
		host.WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	g.events = observe.Follow(g.Runner)
	t.Cleanup(func() {
		_ = g.Stop(context.Background())
		<-g.events.Ended()
		g.wantGone()
		if t.Failed() {
			text, _ := os.ReadFile(g.trace)
			t.Logf("the trace:\n%s", text)
			for _, e := range g.events.All() {
				t.Log(e.Time.Format("05.000"), e.Task, e.Attempt, e.Type, e.State, e.Cause, e.Err)
			}
		}
	})
	return g
}

// processes are those that the rig has started, and that are alive.
func (g *rig) processes() []int { return observe.Find(g.t, observe.HasEnv(markKey+"="+g.mark)) }

// wantGone sees that there are none, nor will be. It leaves none itself.
func (g *rig) wantGone() {
	g.t.Helper()
	observe.WantNone(g.t, time.Now().Add(quickly), observe.HasEnv(markKey+"="+g.mark))
	for _, pid := range g.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// add adds an actor: in process mode of the plugin, in others of this program.
func (g *rig) add(id string, m host.Mode, a actor, changes ...func(*host.Spec)) *host.Handle {
	g.t.Helper()
	h, err := g.Add(g.spec(id, m, a, changes...))
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

// spec is what add adds.
func (g *rig) spec(id string, m host.Mode, a actor, changes ...func(*host.Spec)) host.Spec {
	a.Trace = g.trace
	s := host.Spec{ID: id, Kind: insider, Mode: m, Config: a}
	if m == host.Process {
		s.Kind, s.Env = guest, g.env()
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// env is the environment of a process of the rig.
func (g *rig) env() host.Env {
	return host.Env{FromHost: []string{"GORACE"}, Set: map[string]string{markKey: g.mark}}
}

func restart(s *host.Spec) { s.Restart = soon }

func needs(id string) func(*host.Spec) {
	return func(s *host.Spec) { s.Needs = map[string]host.Need{id: host.NeedReady} }
}

func (g *rig) start() {
	g.t.Helper()
	if err := g.Start(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

// awaitReady waits until an attempt of a task is up, and returns the event.
func (g *rig) awaitReady(h *host.Handle, attempt int) host.Event {
	g.t.Helper()
	return g.events.Await(g.t, fmt.Sprint(h.ID(), " is ready in attempt ", attempt), func(e host.Event) bool {
		return e.Task == h.ID() && e.Attempt == attempt && e.Type == host.EventReady
	})
}

// awaitState waits until an attempt of a task has come into a state.
func (g *rig) awaitState(h *host.Handle, attempt int, s host.State) host.Event {
	g.t.Helper()
	return g.events.Await(g.t, fmt.Sprint(h.ID(), " is ", s, " in attempt ", attempt), func(e host.Event) bool {
		return e.Task == h.ID() && e.Attempt == attempt && e.Type == host.EventState && e.State == s
	})
}

// traced is what the tasks have written, in order.
func (g *rig) traced() []entry {
	g.t.Helper()
	entries, err := readTrace(g.trace)
	if err != nil {
		g.t.Fatal(err)
	}
	return entries
}

// found are the trace's entries with a word, of a task.
func (g *rig) found(id, word string) []entry {
	g.t.Helper()
	var found []entry
	for _, e := range g.traced() {
		if e.id == id && e.word == word {
			found = append(found, e)
		}
	}
	return found
}

// process is the process in which a task's attempt began.
func (g *rig) process(h *host.Handle, attempt int) int {
	g.t.Helper()
	for _, e := range g.found(h.ID(), "begin") {
		if e.attempt == attempt {
			return e.pid
		}
	}
	g.t.Fatalf("attempt %d of %s has not begun", attempt, h.ID())
	return 0
}

func (g *rig) signal(pid int, sig syscall.Signal) {
	g.t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		g.t.Fatalf("signal %v to process %d: %v", sig, pid, err)
	}
}

// wantDead sees that processes have ended: at once, or as soon as the system has
// buried them.
func (g *rig) wantDead(pids ...int) {
	g.t.Helper()
	deadline := time.Now().Add(quickly)
	for _, pid := range pids {
		if !observe.Dies(pid, deadline) {
			g.t.Errorf("it is alive: %s", observe.Describe(pid))
		}
	}
}

// failure is the failure that an event tells of.
func failure(t *testing.T, e host.Event) *host.TaskError {
	t.Helper()
	f, ok := errors.AsType[*host.TaskError](e.Err)
	if !ok {
		t.Fatalf("%s, attempt %d: %v (%v) comes with the error %v", e.Task, e.Attempt, e.State, e.Cause, e.Err)
	}
	return f
}

// eachOrder runs a test for each order of the modes.
func eachOrder(t *testing.T, f func(*testing.T, []host.Mode)) {
	t.Helper()
	g, a, p := host.Goroutine, host.Async, host.Process
	for _, modes := range [][]host.Mode{{g, a, p}, {g, p, a}, {a, g, p}, {a, p, g}, {p, g, a}, {p, a, g}} {
		t.Run(fmt.Sprint(modes), func(t *testing.T) { t.Parallel(); f(t, modes) })
	}
}
