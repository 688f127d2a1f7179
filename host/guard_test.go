package host_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

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

// TestLogHandlerThatPanics costs the records, neither the task nor the host.
func TestLogHandlerThatPanics(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithLogger(slog.New(fragile{})))
		h := g.add("log", config{Text: "deadline"})
		g.start()
		g.awaitState(h, host.StateRunning)
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, h)
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
		h := g.add("log", config{Text: "deadline"})
		g.start()
		g.awaitState(h, host.StateRunning)
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, h)
	})
}
