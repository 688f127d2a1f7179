package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// eachMode runs one behaviour in every mode: in the modes of this process in a
// bubble, where time is exact and costs nothing, in process mode for real.
func eachMode(t *testing.T, f func(*testing.T, host.Mode)) {
	t.Helper()
	for _, m := range host.Modes() {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			if m == host.Process {
				f(t, m)
				return
			}
			synctest.Test(t, func(t *testing.T) { f(t, m) })
		})
	}
}

// rig is a runner under test.
type rig struct {
	*host.Runner
	mode   host.Mode // of the tasks that add adds
	t      *testing.T
	log    *logbook
	events *record
}

// newRig makes a runner with the tests' kinds, whose default mode is m. It is
// stopped at the test's end.
func newRig(t *testing.T, m host.Mode, opts ...host.Option) *rig {
	t.Helper()
	g := &rig{mode: m, t: t, log: new(logbook)}
	logger := slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts = slices.Concat([]host.Option{host.WithMode(m), host.WithCatalog(tested), host.WithLogger(logger)}, opts)
	var err error
	if g.Runner, err = host.New(opts...); err != nil {
		t.Fatal(err)
	}
	g.events = follow(g.Runner)
	t.Cleanup(func() {
		_ = g.Stop(context.Background())
		<-g.events.ended
		if t.Failed() {
			t.Logf("%d events:\n%v\nlog:\n%v", len(g.events.all()), g.events, g.log)
		}
	})
	return g
}

// add adds a task whose id is its kind, and the further word that tells it from
// others.
func (g *rig) add(kind string, c config, words ...string) *host.Handle {
	g.t.Helper()
	h, err := g.Add(g.spec(kind, c, words...))
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

// spec is what add adds.
func (g *rig) spec(kind string, c config, words ...string) host.Spec {
	id := strings.Join(append([]string{path.Base(kind)}, words...), "-")
	s := host.Spec{ID: id, Kind: kind, Config: c, Mode: g.mode}
	if g.mode == host.Process {
		s.Env.FromHost = []string{"GORACE"}
	}
	return s
}

func (g *rig) start() {
	g.t.Helper()
	if err := g.Start(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

// awaitReady waits until each task has said that it is ready.
func (g *rig) awaitReady(handles ...*host.Handle) {
	g.t.Helper()
	for _, h := range handles {
		g.await(h.ID()+" ready", func(e host.Event) bool { return e.Task == h.ID() && e.Type == host.EventReady })
	}
}

func (g *rig) awaitState(h *host.Handle, s host.State) {
	g.t.Helper()
	g.await(fmt.Sprint(h.ID(), " ", s), func(e host.Event) bool {
		return e.Task == h.ID() && e.Type == host.EventState && e.State == s
	})
}

// patience is how long a test waits for an event that must come.
const patience = time.Minute

// await waits until an event for which want is true has come.
func (g *rig) await(what string, want func(host.Event) bool) {
	g.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for over := false; ; {
		all, changed := g.events.look()
		if slices.ContainsFunc(all, want) {
			return
		}
		if over {
			g.t.Fatalf("the run ended without %s", what)
		}
		select {
		case <-changed:
		case <-g.events.ended:
			over = true
		case <-timeout.C:
			g.t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// wantStates checks the state of each task.
func wantStates(t *testing.T, want host.State, handles ...*host.Handle) {
	t.Helper()
	for _, h := range handles {
		if got := h.State(); got != want {
			t.Errorf("%s is %v (%v), want %v", h.ID(), got, h.Err(), want)
		}
	}
}

// over reports whether a task has ended, or never will begin.
func over(h *host.Handle) bool {
	select {
	case <-h.Done():
		return true
	default:
		return false
	}
}

// record is every event of a run.
type record struct {
	ended chan struct{}

	mu      sync.Mutex
	events  []host.Event
	changed chan struct{} // closed when events grow
}

// follow records a runner's events. Its goroutine ends with the run.
func follow(r *host.Runner) *record {
	c := &record{ended: make(chan struct{}), changed: make(chan struct{})}
	events := r.Events(context.Background())
	go func() {
		defer close(c.ended)
		for e := range events {
			c.mu.Lock()
			c.events = append(c.events, e)
			close(c.changed)
			c.changed = make(chan struct{})
			c.mu.Unlock()
		}
	}()
	return c
}

func (c *record) look() ([]host.Event, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events), c.changed
}

func (c *record) all() []host.Event {
	all, _ := c.look()
	return all
}

// states are the states that a task went through.
func (c *record) states(h *host.Handle) []host.State {
	var states []host.State
	for _, e := range c.all() {
		if e.Task == h.ID() && e.Type == host.EventState {
			states = append(states, e.State)
		}
	}
	return states
}

func (c *record) String() string {
	var b strings.Builder
	for _, e := range c.all() {
		fmt.Fprintln(&b, " ", e.Time.Format("05.000"), e.Task, e.Attempt, e.Type, e.State, e.Progress, e.Err)
	}
	return b.String()
}

// logbook is a log that a test can read.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed when there is more; nil until someone waits
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

// grows is closed when the log is longer than it is now.
func (l *logbook) grows() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return l.more
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// line is the first line of the log that has all words.
func (l *logbook) line(words ...string) string {
	for line := range strings.Lines(l.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return line
		}
	}
	return ""
}

// inBubble runs a test that needs no process in a bubble of its own.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// taskError is the error of a task that must have one.
func taskError(t *testing.T, h *host.Handle) *host.TaskError {
	t.Helper()
	var e *host.TaskError
	if !errors.As(h.Err(), &e) {
		t.Fatalf("%s is %v and its error is %v, want a *host.TaskError", h.ID(), h.State(), h.Err())
	}
	return e
}
