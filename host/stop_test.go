package host_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
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

// inProcessModes are those in which a task can reach its own runner.
var inProcessModes = []host.Mode{host.Goroutine, host.Async}

// contexts are those with which a task may call its runner.
var contexts = map[string]func(own context.Context) context.Context{
	"own ctx":    func(own context.Context) context.Context { return own },
	"background": func(context.Context) context.Context { return context.Background() },
}

func TestTaskMayStopItsOwnRunner(t *testing.T) {
	for name, choose := range contexts {
		for _, m := range inProcessModes {
			t.Run(name+" "+m.String(), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var g *rig
					kind := task.NewKind("stop-all", func(config) (task.Task, error) {
						return task.Func(func(ctx context.Context) (any, error) {
							g.awaitReady(g.Handles()[0])
							err := g.Stop(choose(ctx))
							return g.Handles()[0].State(), err
						}), nil
					})
					g = newRig(t, m, host.WithKinds(kind))
					sibling := g.add("wait", config{})
					caller := g.add("stop-all", config{})
					began := time.Now()
					g.start()
					<-caller.Done()
					if err := g.Wait(t.Context()); err != nil {
						t.Errorf("Wait: %v", err)
					}
					wantTook(t, m, began, 0, busy)
					wantStates(t, host.StateStopped, sibling, caller)
					if seen, err := host.Result[string](t.Context(), caller); seen != "stopped" || err != nil {
						t.Errorf("when Stop returned, the sibling was %v; %v", seen, err)
					}
				})
			})
		}
	}
}

func TestTaskMayStopItselfAndItsSibling(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var g *rig
				kind := task.NewKind("stop-two", func(config) (task.Task, error) {
					return task.Func(func(ctx context.Context) (any, error) {
						handles := g.Handles()
						err := errors.Join(handles[0].Stop(context.Background()), handles[1].Stop(ctx))
						return nil, errors.Join(err, context.Cause(ctx))
					}), nil
				})
				g = newRig(t, m, host.WithKinds(kind))
				sibling, caller, third := g.add("wait", config{}), g.add("stop-two", config{}), g.add("wait", config{}, "on")
				g.start()
				<-caller.Done()
				wantStates(t, host.StateStopped, sibling, caller)
				g.awaitReady(third)
				wantStates(t, host.StateRunning, third)
			})
		})
	}
}
