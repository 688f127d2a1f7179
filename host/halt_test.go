package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestAStopThatMustNotWaitWaitsForNoTurn: who is told late is killed or abandoned
// with the others.
func TestAStopThatMustNotWaitWaitsForNoTurn(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(time.Hour))
		db := g.add("deaf", config{For: time.Minute}, "db")
		app := g.with("deaf", config{For: time.Minute}, needs("deaf-db", host.NeedReady), "app")
		g.start()
		g.awaitReady(db, app)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel) // by a second signal, say
		began := time.Now()
		if err := g.Stop(ctx); err == nil {
			t.Error("no error")
		}
		wantTook(t, m, began, time.Second, busy)
		if m != host.Process {
			time.Sleep(time.Minute) // until their code has ended, too
		}
	})
}

// TestWhatTheCallerNeedsDoesNotWaitForIt: a task that stops the run waits itself.
func TestWhatTheCallerNeedsDoesNotWaitForIt(t *testing.T) {
	eachCaller(t, func(t *testing.T, m host.Mode, choose func(context.Context) context.Context) {
		var g *rig
		g = newRig(t, m, doing("stops", func(ctx context.Context) error { return g.Stop(choose(ctx)) }))
		g.add("wait", config{}, "db")
		g.with("stops", config{}, needs("wait-db", host.NeedReady))
		began := time.Now()
		if err := g.Run(t.Context()); err != nil {
			t.Error(err)
		}
		wantTook(t, m, began, 0, busy)
	})
}

// TestACallersDeadlineCounts, although the end of its ctx does not.
func TestACallersDeadlineCounts(t *testing.T) {
	eachCaller(t, func(t *testing.T, m host.Mode, choose func(context.Context) context.Context) {
		var g *rig
		g = newRig(t, m, doing("stops", func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(choose(ctx), time.Second)
			defer cancel()
			return g.Handles()[0].Stop(ctx)
		}), host.WithPolicy(host.LogOnly))
		deaf := g.add("deaf", config{For: time.Minute})
		stops := g.with("stops", config{}, needs("deaf", host.NeedReady))
		began := time.Now()
		g.start()
		<-stops.Done()
		wantTook(t, m, began, time.Second, busy)
		wantStates(t, host.StateAbandoned, deaf)
		time.Sleep(time.Minute) // until its code has ended, too
	})
}

// TestWhatAnAbandonedAttemptSaysCountsNoMore: its checkpoint least of all.
func TestWhatAnAbandonedAttemptSaysCountsNoMore(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				late := make(chan error, 1)
				g := newRig(t, m, doing("lingers", func(ctx context.Context) error {
					n := task.Attempt(ctx)
					if err := task.Checkpoint(ctx, n); err != nil || n > 1 {
						return err
					}
					_ = task.Sleep(context.WithoutCancel(ctx), time.Minute)
					task.Progress(ctx, 1, 1, "late")
					late <- task.Checkpoint(ctx, 100)
					return nil
				}), host.WithGrace(time.Second))
				h := g.with("lingers", config{}, func(s *host.Spec) {
					s.Timeout, s.Restart = time.Second, soon
					s.Restart.Overlap = true
				})
				if err := g.Run(t.Context()); err != nil {
					t.Error(err)
				}
				if err := <-late; err == nil || h.Attempts() != 2 || h.Progress().Message != "" {
					t.Errorf("its checkpoint: %v; %d attempts, progress %v", err, h.Attempts(), h.Progress())
				}
			})
		})
	}
}
