package host_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Two async tasks share plain variables: the race detector agrees, and between two
// waits nobody else gets a turn, however many processors there are.
func TestTwoAsyncTasksNeverRunAtTheSameInstant(t *testing.T) {
	inside, turns := 0, 0
	step := func() {
		inside++
		runtime.Gosched()
		if inside != 1 {
			t.Errorf("%d tasks run at the same instant", inside)
		}
		turns++
		inside--
	}
	share := task.NewKind("share", func(config) (task.Task, error) {
		step() // making a task is part of it
		return task.Func(func(ctx context.Context) (any, error) {
			for range 50 {
				step()
				_ = task.Yield(ctx)
				step()
				_ = task.Sleep(ctx, time.Microsecond)
				step()
				_, _ = task.Await(ctx, func(context.Context) (any, error) {
					runtime.Gosched()
					return nil, nil
				})
			}
			return nil, nil
		}), nil
	})
	g := newRig(t, host.Async, host.WithKinds(share))
	for i := range 20 {
		g.add("share", config{}, string(rune('a'+i)))
	}
	turns = 0 // a host may have tried out the configs
	if err := g.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
	if want := 20 * (1 + 3*50); turns != want {
		t.Errorf("%d steps were counted, want %d", turns, want)
	}
}

// holder is a kind whose task holds the loop for c.For without giving it to others.
func holder() task.Kind {
	return task.NewKind("hold", func(c config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			_ = task.Sleep(ctx, time.Second) // the others are up
			hold(c.For)
			return nil, context.Cause(ctx)
		}), nil
	})
}

func hold(d time.Duration) { time.Sleep(d) } // in a bubble

// stopHolder holds the loop in its Stop.
type stopHolder struct{ config config }

func (s stopHolder) Run(ctx context.Context) (any, error) { return wait(ctx, s.config) }
func (s stopHolder) Stop(context.Context) error           { hold(s.config.For); return nil }

func stopHolderKind() task.Kind {
	return task.NewKind("hold-in-stop", func(c config) (task.Task, error) { return stopHolder{c}, nil })
}

func TestTaskThatHoldsTheLoopIsNamedWithItsStack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Async, host.WithKinds(holder()))
		g.add("hold", config{For: 300 * time.Millisecond})
		if err := g.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		if g.log.line("WARN", "holds the event loop", "run="+g.ID(), "task=hold", "host_test.hold(", "async_test.go") == "" {
			t.Error("the log does not name the task with its stack")
		}
		if n := strings.Count(g.log.String(), "holds the event loop"); n != 1 {
			t.Errorf("%d warnings, want 1", n)
		}
	})
}

func TestOthersStopInTimeAlthoughATaskHoldsTheLoop(t *testing.T) {
	for kind, held := range map[string]time.Duration{"hold": 2 * time.Second, "hold-in-stop": 0} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				g := newRig(t, host.Async, host.WithKinds(holder(), stopHolderKind()), host.WithGrace(4*time.Second))
				before := []*host.Handle{g.add("wait", config{}, "1"), g.add("slow-stop", config{For: 500 * time.Millisecond}, "1")}
				bad := g.add(kind, config{For: time.Hour})
				after := []*host.Handle{g.add("stop-slowly", config{For: 500 * time.Millisecond}, "2"), g.add("late-result", config{}, "2")}
				others := slices.Concat(before, after)
				g.start()
				g.awaitReady(others...)
				time.Sleep(held) // now it does hold the loop
				began := time.Now()
				err := g.Stop(t.Context())
				wantTook(t, host.Async, began, 4*time.Second, busy)
				wantStates(t, host.StateStopped, others...)
				wantInsisted(t, host.Async, bad)
				if err != bad.Err() {
					t.Errorf("Stop: %v, want %v itself", err, bad.Err())
				}
				if g.log.line("WARN", "holds the event loop", "task="+kind) == "" {
					t.Error("the log does not name the task")
				}
				time.Sleep(2 * time.Hour) // it ends after all
				if g.log.line("INFO", "ended after all", "task="+kind) == "" {
					t.Error("the log does not tell of its end")
				}
			})
		})
	}
}

// A Goexit in a coroutine ends whoever resumed it too: the loop survives.
func TestLoopSurvivesGoexits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Async, host.WithPolicy(host.LogOnly))
		waiter := g.add("wait", config{})
		g.start()
		for _, word := range []string{"1", "2", "3"} {
			h := g.add("goexit", config{}, word)
			<-h.Done()
			wantStates(t, host.StateFailed, h)
		}
		late := g.add("succeed", config{})
		<-late.Done()
		wantStates(t, host.StateSucceeded, late)
		wantStates(t, host.StateRunning, waiter)
	})
}

// Modes mix under one runner.
func TestOneRunnerMixesAllModes(t *testing.T) {
	g := newRig(t, host.Goroutine)
	for _, m := range host.Modes() {
		for _, kind := range []string{"succeed", "wait"} {
			s := g.spec(kind, config{Text: m.String()}, m.String())
			s.Mode = m
			if _, err := g.Add(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	g.start()
	for _, h := range g.Handles() {
		if h.Kind() == "wait" {
			g.awaitReady(h)
		} else if got, err := host.Result[config](t.Context(), h); got.Text != h.Mode().String() || err != nil {
			t.Errorf("%s returned %+v, %v", h.ID(), got, err)
		}
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	for _, h := range g.Handles() {
		want := host.StateSucceeded
		if h.Kind() == "wait" {
			want = host.StateStopped
		}
		wantStates(t, want, h)
	}
}
