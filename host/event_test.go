package host_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestEventsTellEveryStateInOrder(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		want := map[*host.Handle]string{
			g.add("nothing", config{}):                          "[pending starting running succeeded]",
			g.add("fail", config{Text: "x"}):                    "[pending starting running failed]",
			g.add("refuse", config{Text: "x"}):                  "[pending starting failed]",
			g.add("slow-stop", config{For: time.Millisecond}):   "[pending starting running stopping stopped]",
			g.add("late-fail", config{Text: "x"}):               "[pending starting running stopping failed]",
			g.add("wait", config{}, "until", "before", "start"): "[pending pending]",
		}
		var stopped []*host.Handle
		for h, states := range want {
			switch {
			case states == "[pending pending]": // why it never started is the last event
				_ = h.Stop(t.Context())
			case h.Kind() == "slow-stop", h.Kind() == "late-fail":
				stopped = append(stopped, h)
			}
		}
		g.start()
		g.awaitReady(stopped...)
		for _, h := range g.Handles() {
			if !slices.Contains(stopped, h) {
				<-h.Done()
			}
		}
		_ = g.Stop(t.Context())
		<-g.events.ended
		for h, states := range want {
			if got := fmt.Sprint(g.events.states(h)); got != states {
				t.Errorf("%s went through %v, want %v", h.ID(), got, states)
			}
		}
		last := make(map[string]time.Time)
		for _, e := range g.events.all() {
			h := g.Handles()[slices.IndexFunc(g.Handles(), func(h *host.Handle) bool { return h.ID() == e.Task })]
			if e.Kind != h.Kind() || e.Mode != m || e.Attempt > 1 || e.Time.Before(last[e.Task]) {
				t.Errorf("of %s came %+v", h.ID(), e)
			}
			if failed := e.Type == host.EventState && e.State == host.StateFailed; failed != (e.Err != nil) || failed && e.Err != h.Err() {
				t.Errorf("with %v of %s came error %v", e.State, h.ID(), e.Err)
			}
			last[e.Task] = e.Time
		}
	})
}

func TestReadyIsAFlagOfRunning(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		reporter, waiter := g.add("report", config{Text: "work", N: 3}), g.add("wait", config{})
		if waiter.Ready() {
			t.Error("ready before the start")
		}
		g.start()
		g.awaitReady(reporter, waiter)
		if !waiter.Ready() {
			t.Error("not ready after it said so")
		}
		<-reporter.Done()
		if reporter.Ready() {
			t.Error("ready after the end")
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		<-g.events.ended
		ready := 0
		for _, e := range g.events.all() {
			if e.Task == reporter.ID() && e.Type == host.EventReady {
				ready++
			}
		}
		if ready != 1 { // though it said so twice
			t.Errorf("%d events tell that it is ready", ready)
		}
	})
}

func TestWhatATaskReportsReachesTheHost(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		reporter, who, keeper := g.add("report", config{Text: "of files", N: 3}), g.add("who", config{}), g.add("checkpoint", config{N: 1})
		if err := g.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		want := host.Progress{Done: 3, Total: 3, Message: "of files"}
		if got := reporter.Progress(); got != want {
			t.Errorf("progress is %+v, want %+v", got, want)
		}
		if g.log.line("WARN", "of files", "run="+g.ID(), "task=report", "attempt=1", "answer=42") == "" {
			t.Error("what the task logged is not in the log")
		}
		if got := string(who.Result()); got != `["who",1]` {
			t.Errorf("the task knows itself as %s", got)
		}
		if got := string(keeper.Result()); got != `[false,true,true]` { // no checkpoint, no error, a bad one refused
			t.Errorf("checkpoints: %s", got)
		}
		<-g.events.ended
		newest := slices.ContainsFunc(g.events.all(), func(e host.Event) bool {
			return e.Task == "report" && e.Type == host.EventProgress && e.Progress == want
		})
		if !newest {
			t.Error("no event tells of the newest progress")
		}
	})
}

// A reader that does not read slows nobody, and finds of the progress the newest
// alone and every state.
func TestSlowReaderGetsEveryStateAndTheNewestProgress(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		slow := g.Events(t.Context())
		const n = 10_000
		h := g.add("report", config{N: n})
		if err := g.Run(t.Context()); err != nil {
			t.Fatalf("Run: %v", err)
		}
		var got []string
		for e := range slow {
			got = append(got, fmt.Sprint(e.Type, " ", e.State, " ", e.Progress.Done))
		}
		want := []string{
			"state pending 0", "state starting 0", "state running 0", "ready running 0",
			fmt.Sprint("progress running ", n), "state succeeded 0",
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %s the slow reader got %q, want %q", h.ID(), got, want)
		}
	})
}

func TestEventsEndWithTheirContext(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := g.Events(ctx)
		g.start()
		for e := range events {
			if e.Type == host.EventReady {
				cancel()
			}
		}
		wantStates(t, host.StateRunning, h)
		for e := range g.Events(ctx) {
			t.Errorf("under an ended context came %+v", e)
		}
	})
}

func TestEventsOfAnEndedRunAreNone(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.add("nothing", config{})
		if err := g.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		for e := range g.Events(t.Context()) {
			t.Errorf("after the end came %+v", e)
		}
	})
}

// An event may be answered by what changes the run.
func TestReaderMayStopTheRun(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.add("wait", config{})
		events := g.Events(t.Context())
		g.start()
		for e := range events {
			switch {
			case e.Type == host.EventReady:
				if err := g.Stop(t.Context()); err != nil {
					t.Errorf("Stop: %v", err)
				}
			case e.State == host.StateStopped:
				return // which unsubscribes
			}
		}
		t.Error("the events ended before the task had stopped")
	})
}

func TestProgressAfterTheEndIsDropped(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				late := make(chan context.Context, 1)
				kind := task.NewKind("leave", func(config) (task.Task, error) {
					return task.Func(func(ctx context.Context) (any, error) {
						late <- ctx
						return nil, nil
					}), nil
				})
				g := newRig(t, m, host.WithKinds(kind))
				h := g.add("leave", config{})
				g.start()
				<-h.Done()
				ctx := <-late
				task.Progress(ctx, 1, 1, "late")
				task.Ready(ctx)
				if h.Progress() != (host.Progress{}) || h.Ready() {
					t.Errorf("after the end progress is %v, ready %v", h.Progress(), h.Ready())
				}
			})
		})
	}
}
