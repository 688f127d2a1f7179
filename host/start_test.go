package host_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

func TestNoTasksEndAtOnceWithoutError(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		if err := g.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		if g.State() != host.RunEnded || len(g.Handles()) != 0 || g.NumFailed() != 0 {
			t.Errorf("after Run the runner is %v, with %d tasks, %d failed", g.State(), len(g.Handles()), g.NumFailed())
		}
		background := newRig(t, m)
		background.start()
		if err := background.Wait(t.Context()); err != nil {
			t.Errorf("Wait: %v", err)
		}
		if err := background.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
}

func TestStopBeforeStartEndsTheRun(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		for range 2 {
			if err := g.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
		<-h.Done()
		wantStates(t, host.StatePending, h)
		if err := g.Start(t.Context()); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Start after Stop: %v, want ErrStopping", err)
		}
		if err := g.Run(t.Context()); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Run after Stop: %v, want ErrStopping", err)
		}
		if err := g.Wait(t.Context()); err != nil {
			t.Errorf("Wait after Stop: %v", err)
		}
		if g.State() != host.RunEnded || h.Attempts() != 0 || h.Err() != nil || h.State().Ended() {
			t.Errorf("the runner is %v; the task is %v after %d attempts: %v", g.State(), h.State(), h.Attempts(), h.Err())
		}
	})
}

func TestNothingRunsAfterStopRightAfterStart(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		var running atomic.Int64
		for i := range 100 {
			g := newRig(t, m, host.WithKinds(counted(&running)))
			h := g.add("counted", config{})
			g.start()
			if i%2 == 1 { // at another moment of the task's start
				g.awaitState(h, host.StateStarting)
			}
			if err := g.Stop(t.Context()); err != nil {
				t.Fatalf("Stop: %v", err)
			}
			if n := running.Load(); n != 0 {
				t.Fatalf("%d tasks run after Stop", n)
			}
			if m == host.Process {
				wantNoPlugins(t)
			}
			wantStates(t, host.StateStopped, h)
			if t.Failed() {
				return
			}
		}
	})
}

func TestSecondStartIsRefusedWithoutEffect(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		g.start()
		g.awaitReady(h)
		if err := g.Start(t.Context()); !errors.Is(err, host.ErrStarted) {
			t.Errorf("second Start: %v, want ErrStarted", err)
		}
		if err := g.Run(t.Context()); !errors.Is(err, host.ErrStarted) {
			t.Errorf("Run after Start: %v, want ErrStarted", err)
		}
		wantStates(t, host.StateRunning, h)
		if h.Attempts() != 1 {
			t.Errorf("%d attempts, want 1", h.Attempts())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if err := g.Start(t.Context()); !errors.Is(err, host.ErrStarted) {
			t.Errorf("Start after the end: %v, want ErrStarted", err)
		}
	})
}

func TestStartUnderAnEndedContextStartsNothing(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		why := errors.New("not today")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		if err := g.Start(ctx); !errors.Is(err, why) {
			t.Errorf("Start: %v, want the context's cause", err)
		}
		if g.State() != host.RunIdle || h.Attempts() != 0 {
			t.Errorf("the runner is %v; %d attempts", g.State(), h.Attempts())
		}
		g.start() // it was no start, so this is the first
		g.awaitReady(h)
	})
}

func TestTasksOutliveStartsContext(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		ctx, cancel := context.WithCancel(t.Context())
		if err := g.Start(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		g.awaitReady(h)
		wantStates(t, host.StateRunning, h)
	})
}

func TestWaitBeforeStartIsRefused(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		if err := g.Wait(t.Context()); !errors.Is(err, host.ErrNotStarted) {
			t.Errorf("Wait: %v, want ErrNotStarted", err)
		}
	})
}

func TestWaitEndsWithItsContextAndStopsNothing(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		g.start()
		g.awaitReady(h)
		why := errors.New("waited enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		if err := g.Wait(ctx); !errors.Is(err, why) {
			t.Errorf("Wait: %v, want the context's cause", err)
		}
		wantStates(t, host.StateRunning, h)
	})
}

func TestAddWhileRunningStartsAtOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		first := g.add("wait", config{})
		g.start()
		g.awaitReady(first)
		second := g.add("succeed", config{Text: "added"})
		<-second.Done()
		wantStates(t, host.StateSucceeded, second)
		wantStates(t, host.StateRunning, first)
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if _, err := g.Add(host.Spec{ID: "third", Kind: "wait"}); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Add after Stop: %v, want ErrStopping", err)
		}
		if n := len(g.Handles()); n != 2 {
			t.Errorf("%d tasks, want 2", n)
		}
	})
}

func TestAddAfterTheLastTaskEndedKeepsTheRunAlive(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		first := g.add("nothing", config{})
		g.start()
		<-first.Done()
		second := g.add("nothing", config{}, "again") // nobody waits yet: the run goes on
		<-second.Done()
		if err := g.Wait(t.Context()); err != nil {
			t.Errorf("Wait: %v", err)
		}
		wantStates(t, host.StateSucceeded, first, second)
		if _, err := g.Add(host.Spec{ID: "third", Kind: "wait"}); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Add after the end: %v, want ErrStopping", err)
		}
	})
}
