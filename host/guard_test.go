package host_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// fragile is a handler that panics at each record of a task.
type fragile struct{ ofTask bool }

func (f fragile) Enabled(context.Context, slog.Level) bool { return true }
func (f fragile) WithGroup(string) slog.Handler            { return f }

func (f fragile) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		f.ofTask = f.ofTask || a.Key == "task"
	}
	return f
}

func (f fragile) Handle(context.Context, slog.Record) error {
	if f.ofTask {
		panic("no room")
	}
	return nil
}

// logAndStop runs a task that logs, and stops it.
func (g *rig) logAndStop() {
	g.t.Helper()
	h := g.add("log", config{Text: "deadline"})
	g.start()
	g.awaitState(h, host.StateRunning)
	if err := g.Stop(g.t.Context()); err != nil {
		g.t.Error(err)
	}
	wantStates(g.t, host.StateStopped, h)
}

// TestLogHandlerThatPanics costs the records, neither the task nor the host.
func TestLogHandlerThatPanics(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithLogger(slog.New(fragile{})))
		g.logAndStop()
	})
}

// stuck is a handler that hangs at what the runner says of who was abandoned.
type stuck struct {
	freed <-chan struct{}
	ended chan<- struct{} // hears of the end of each
}

func (stuck) Enabled(context.Context, slog.Level) bool { return true }
func (s stuck) WithAttrs([]slog.Attr) slog.Handler     { return s }
func (s stuck) WithGroup(string) slog.Handler          { return s }

func (s stuck) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "abandoned") {
		<-s.freed
	}
	if strings.Contains(r.Message, "ended after all") {
		s.ended <- struct{}{}
	}
	return nil
}

// TestLogHandlerThatHangs holds a stop up for a second, and no sibling's end.
func TestLogHandlerThatHangs(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		freed, ended := make(chan struct{}), make(chan struct{}, 2)
		log := host.WithLogger(slog.New(stuck{freed, ended}))
		g := newRig(t, m, log, host.WithGrace(time.Second), host.WithPolicy(host.LogOnly))
		deaf := g.with("deaf", config{For: 5 * time.Second}, func(s *host.Spec) {
			if m == host.Process { // in which no task is abandoned
				s.Mode, s.Env = host.Goroutine, host.Env{}
			}
		}, "first")
		sibling := g.add("deaf", config{For: 5 * time.Second}, "second")
		g.start()
		g.awaitReady(deaf, sibling)
		began := time.Now()
		_ = g.Stop(t.Context())
		wantTook(t, m, began, 2*time.Second, busy)
		wantStates(t, host.StateAbandoned, deaf)
		if m == host.Process {
			wantStates(t, host.StateFailed, sibling)
			wantNoPlugins(t)
		} else {
			wantStates(t, host.StateAbandoned, sibling)
			defer func() { <-ended }()
		}
		close(freed)
		<-ended
	})
}

// curious is a handler that asks its runner something as often as it can.
type curious struct {
	slog.Handler
	runner *atomic.Pointer[host.Runner]
}

func (c curious) Handle(context.Context, slog.Record) error {
	c.ask()
	return nil
}

func (c curious) Enabled(context.Context, slog.Level) bool {
	c.ask()
	return true
}

func (c curious) WithAttrs([]slog.Attr) slog.Handler {
	c.ask()
	return c
}

func (c curious) ask() {
	if r := c.runner.Load(); r != nil {
		_ = r.State()
	}
}

// TestLogHandlerThatAsksItsRunner is answered: no lock is held where its code runs.
func TestLogHandlerThatAsksItsRunner(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		c := curious{slog.DiscardHandler, new(atomic.Pointer[host.Runner])}
		g := newRig(t, m, host.WithLogger(slog.New(c)))
		c.runner.Store(g.Runner)
		g.logAndStop()
	})
}
