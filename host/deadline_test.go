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

// wantInsisted checks the end of a task that ignored its stop: in process mode it
// was killed, in the others it was abandoned.
func wantInsisted(t *testing.T, m host.Mode, h *host.Handle) {
	t.Helper()
	want, word := host.StateAbandoned, "abandoned"
	if m == host.Process {
		want, word = host.StateFailed, "killed"
	}
	wantStates(t, want, h)
	err := taskError(t, h)
	if err.Outcome != host.OutcomeStopTimeout || !strings.Contains(err.Error(), h.ID()) || !strings.Contains(err.Error(), word) {
		t.Errorf("%s has outcome %s, %v; want %s and %q", h.ID(), err.Outcome, err, host.OutcomeStopTimeout, word)
	}
}

func TestTaskThatIgnoresItsStopIsKilledOrAbandonedByTheDeadline(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(time.Second))
		good, deaf := g.add("wait", config{}), g.add("deaf", config{For: time.Hour})
		g.start()
		g.awaitReady(good, deaf)
		began := time.Now()
		err := g.Stop(t.Context())
		wantTook(t, m, began, time.Second, busy)
		wantStates(t, host.StateStopped, good)
		wantInsisted(t, m, deaf)
		if !errors.Is(err, deaf.Err()) {
			t.Errorf("Stop: %v, want %v", err, deaf.Err())
		}
		if failed := g.Failed(); len(failed) != 1 || failed[0] != deaf || g.NumFailed() != 1 {
			t.Errorf("failed are %v", failed)
		}
		if m == host.Process {
			wantNoPlugins(t)
			return
		}
		if g.log.line("WARN", "abandoned", "task=deaf") == "" {
			t.Error("the log does not name the abandoned task")
		}
		time.Sleep(2 * time.Hour) // in the bubble: the task ends after all
		if g.log.line("INFO", "ended after all", "task=deaf") == "" {
			t.Error("the log does not tell that the abandoned task has ended")
		}
		wantStates(t, host.StateAbandoned, deaf)
	})
}

func TestRunReturnsByTheDeadlineAlthoughATaskIgnoresItsStop(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(200*time.Millisecond))
		deaf := g.add("deaf", config{For: time.Hour})
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := g.Run(ctx); !errors.Is(err, why) || !errors.Is(err, deaf.Err()) {
				t.Errorf("Run: %v, want the context's cause and %v", err, deaf.Err())
			}
		})
		g.awaitReady(deaf)
		began := time.Now()
		cancel(why)
		running.Wait()
		wantTook(t, m, began, 200*time.Millisecond, busy)
		wantInsisted(t, m, deaf)
		if m != host.Process {
			time.Sleep(2 * time.Hour)
		}
	})
}

func TestStopsDeadlineMayBeEarlierThanTheGrace(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(time.Hour))
		deaf := g.add("deaf", config{For: 2 * time.Hour})
		g.start()
		g.awaitReady(deaf)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := g.Stop(ctx); !errors.Is(err, deaf.Err()) {
			t.Errorf("Stop: %v, want %v", err, deaf.Err())
		}
		wantTook(t, m, began, 200*time.Millisecond, busy)
		wantInsisted(t, m, deaf)
		if m != host.Process {
			time.Sleep(3 * time.Hour)
		}
	})
}

// A second Stop may be in more of a hurry than the first.
func TestLaterStopMayShortenAnEarlierOne(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(time.Hour))
		deaf := g.add("deaf", config{For: 2 * time.Hour})
		g.start()
		g.awaitReady(deaf)
		began := time.Now()
		var stops sync.WaitGroup
		stops.Go(func() { _ = g.Stop(context.Background()) })
		g.awaitState(deaf, host.StateStopping)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := g.Stop(ctx); !errors.Is(err, deaf.Err()) {
			t.Errorf("the second Stop: %v, want %v", err, deaf.Err())
		}
		stops.Wait()
		wantTook(t, m, began, 100*time.Millisecond, busy)
		if m != host.Process {
			time.Sleep(3 * time.Hour)
		}
	})
}
