package host_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// wantTook checks how long something took: exactly that in a bubble, and in
// process mode, where the machine may be busy, not less and less than most.
func wantTook(t *testing.T, m host.Mode, since time.Time, want, most time.Duration) {
	t.Helper()
	took := time.Since(since)
	if m != host.Process && took != want || took < want || took >= most {
		t.Errorf("it took %v, want %v", took, want)
	}
}

// busy is more than anything takes that is not waiting for what it should not.
const busy = 20 * time.Second

func TestStoppersErrorIsJoinedAndTheOthersStop(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		for _, kind := range []string{"stop-error", "stop-panic"} {
			g := newRig(t, m)
			first, second := g.add(kind, config{Text: "cannot close"}, "1"), g.add(kind, config{Text: "will not close"}, "2")
			good := g.add("wait", config{})
			g.start()
			g.awaitReady(first, second, good)
			err := g.Stop(t.Context())
			wantStates(t, host.StateStopped, good)
			wantStates(t, host.StateFailed, first, second)
			if !errors.Is(err, first.Err()) || !errors.Is(err, second.Err()) {
				t.Errorf("Stop: %v, want the errors of both", err)
			}
			if err == nil || !strings.Contains(err.Error(), "cannot close") || !strings.Contains(err.Error(), "will not close") {
				t.Errorf("Stop: %v, want the reasons of both", err)
			}
		}
	})
}

func TestSlowStopsHappenSideBySide(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		for _, kind := range []string{"slow-stop", "stop-slowly"} {
			g := newRig(t, m)
			c := config{For: 500 * time.Millisecond}
			tasks := []*host.Handle{g.add(kind, c, "1"), g.add(kind, c, "2"), g.add(kind, c, "3")}
			g.start()
			g.awaitReady(tasks...)
			began := time.Now()
			if err := g.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
			want := 500 * time.Millisecond
			if kind == "stop-slowly" {
				want += 50 * time.Millisecond // Run's own part, see stopper
			}
			wantTook(t, m, began, want, 3*500*time.Millisecond)
			wantStates(t, host.StateStopped, tasks...)
		}
	})
}

// A Stopper that does not return does not keep Run's ctx from ending at half of
// the grace.
func TestHangingStopperStillEndsWithTheGrace(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(600*time.Millisecond))
		h := g.add("stop-hangs", config{})
		g.start()
		g.awaitReady(h)
		began := time.Now()
		_ = g.Stop(t.Context()) // whether the Stopper or the grace is first to end is open
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("Stop took %v", took)
		}
		<-h.Done()
	})
}

func TestCancelledTaskIsStoppedAndNotFailed(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := g.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Run: %v, want context.Canceled", err)
			}
		})
		g.awaitReady(h)
		cancel()
		running.Wait()
		wantStates(t, host.StateStopped, h)
		if h.Err() != nil || g.NumFailed() != 0 || len(g.NotFailed()) != 1 {
			t.Errorf("the task has error %v; %d failed", h.Err(), g.NumFailed())
		}
	})
}

// Who was asked to stop and fails, has failed.
func TestFailureDuringStopIsAFailure(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("late-fail", config{Text: "could not save"})
		g.start()
		g.awaitReady(h)
		if err := g.Stop(t.Context()); !errors.Is(err, h.Err()) {
			t.Errorf("Stop: %v, want %v", err, h.Err())
		}
		wantStates(t, host.StateFailed, h)
		if err := taskError(t, h); err.Outcome != host.OutcomeError || err.Err.Error() != "could not save" {
			t.Errorf("outcome %s: %v", err.Outcome, err)
		}
	})
}

func TestStopFromManyGoroutinesAndAfterTheEnd(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		tasks := []*host.Handle{g.add("wait", config{}), g.add("slow-stop", config{For: 50 * time.Millisecond})}
		g.start()
		g.awaitReady(tasks...)
		var stops sync.WaitGroup
		for range 50 {
			stops.Go(func() {
				if err := g.Stop(t.Context()); err != nil {
					t.Errorf("Stop: %v", err)
				}
				wantStates(t, host.StateStopped, tasks...)
			})
		}
		stops.Wait()
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop after the end: %v", err)
		}
	})
}

func TestOneTaskIsStoppedWhileOthersRunOn(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		one, other := g.add("wait", config{}, "1"), g.add("wait", config{}, "2")
		never := g.add("wait", config{}, "3")
		if err := never.Stop(t.Context()); err != nil { // before Start
			t.Errorf("Stop of a task before Start: %v", err)
		}
		g.start()
		g.awaitReady(one, other)
		if err := one.Stop(t.Context()); err != nil {
			t.Errorf("Stop of one task: %v", err)
		}
		wantStates(t, host.StateStopped, one)
		wantStates(t, host.StateRunning, other)
		wantStates(t, host.StatePending, never)
		if never.Attempts() != 0 {
			t.Error("a task that was stopped before Start was started")
		}
		if g.State() != host.RunRunning {
			t.Errorf("the runner is %v", g.State())
		}
		if err := one.Stop(t.Context()); err != nil {
			t.Errorf("second Stop of one task: %v", err)
		}
	})
}
