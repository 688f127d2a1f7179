package host_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

func needs(pairs ...any) func(*host.Spec) {
	return func(s *host.Spec) {
		s.Needs = make(map[string]host.Need)
		for i := 0; i < len(pairs); i += 2 {
			s.Needs[pairs[i].(string)] = pairs[i+1].(host.Need)
		}
	}
}

// order is the order in which events came, of those asked for as "id event".
func (g *rig) order(of ...string) []string {
	<-g.events.ended
	var order []string
	for _, e := range g.events.all() {
		text := fmt.Sprint(e.Task, " ", e.State)
		if e.Type != host.EventState {
			text = fmt.Sprint(e.Task, " ", e.Type)
		}
		if slices.Contains(of, text) {
			order = append(order, text)
		}
	}
	return order
}

func TestNeeds(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.with("succeed", config{}, needs("report-b", host.NeedSucceeded), "c")
		g.with("report", config{Text: "x"}, needs("wait-a", host.NeedReady), "b")
		a := g.add("wait", config{}, "a")
		last := g.with("succeed", config{}, needs("succeed-c", host.NeedEnded, "wait-a", host.NeedStarted), "d")
		g.start()
		<-last.Done()
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, a)
		want := []string{"wait-a ready", "report-b starting", "report-b succeeded", "succeed-c starting", "succeed-c succeeded", "succeed-d starting"}
		if got := g.order(want...); !slices.Equal(got, want) {
			t.Errorf("order %q, want %q", got, want)
		}
		if i := slices.IndexFunc(g.events.all(), func(e host.Event) bool {
			return e.Task == "succeed-d" && e.State == host.StateWaiting &&
				e.Cause == "waits for succeed-c to end, wait-a to start"
		}); i < 0 {
			t.Error("no event says what d waits for")
		}
	})
}

func TestANeedThatIsNeverMet(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		bad := g.with("fail", config{Text: "boom"}, func(s *host.Spec) { s.Restart = soon; s.Restart.Max = 1 })
		next := g.with("wait", config{}, needs("fail", host.NeedReady), "next")
		far := g.with("wait", config{}, needs("wait-next", host.NeedStarted), "far")
		cleanUp := g.with("succeed", config{}, needs("fail", host.NeedEnded), "clean-up")
		err := g.Run(t.Context())
		if g.NumFailed() != 1 || !errors.Is(err, host.ErrRestartsSpent) {
			t.Errorf("%d failures: %v", g.NumFailed(), err)
		}
		wantStates(t, host.StateFailed, bad)
		wantStates(t, host.StateWaiting, next, far)
		wantStates(t, host.StateSucceeded, cleanUp)
		for h, want := range map[*host.Handle]string{
			next: "needs fail to be ready, which failed", far: "needs wait-next to start, which never started",
		} {
			if h.Err() != nil || h.Attempts() != 0 || h.Cause() != want {
				t.Errorf("%s: %v, %d attempts, cause %q, want %q", h.ID(), h.Err(), h.Attempts(), h.Cause(), want)
			}
		}
	})
}

// TestAStopTellsWhatFailed: a task that waits when its need's failure stops all says
// what failed, and not what it waited for.
func TestAStopTellsWhatFailed(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		g.add("fail", config{Text: "boom"})
		next := g.with("wait", config{}, needs("fail", host.NeedReady), "next")
		far := g.with("wait", config{}, needs("wait-next", host.NeedStarted), "far")
		other := g.with("wait", config{}, needs("succeed", host.NeedEnded), "other")
		g.with("succeed", config{}, needs("wait-far", host.NeedEnded))
		if err := g.Run(t.Context()); err == nil {
			t.Error("Run: no error")
		}
		for h, want := range map[*host.Handle]string{
			next: "needs fail to be ready, which failed", far: "needs wait-next to start, which never started",
			other: "needs succeed to end, which never started",
		} {
			if h.State().Ended() || h.Err() != nil || h.Cause() != want {
				t.Errorf("%s: %v, %v, cause %q, want %q", h.ID(), h.State(), h.Err(), h.Cause(), want)
			}
		}
	})
}

// TestARestartWaitsForNeeds: a task that begins again needs what it needed at first.
func TestARestartWaitsForNeeds(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		db := g.add("wait", config{}, "db")
		app := g.with("wait", config{}, needs("wait-db", host.NeedReady), "app")
		g.start()
		g.awaitReady(db, app)
		if err := db.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateRunning, app)
		if err := app.Restart(t.Context()); !errors.Is(err, host.ErrEnded) {
			t.Errorf("Restart: %v", err)
		}
		e := taskError(t, app)
		if e.Outcome != host.OutcomeLaunchFailed || !strings.Contains(e.Error(), "needs wait-db to be ready, which stopped") {
			t.Errorf("%v: %v", e.Outcome, e)
		}
	})
}

func TestBadNeedsAreRefused(t *testing.T) {
	g := newRig(t, host.Goroutine)
	g.with("wait", config{}, needs("wait-b", host.NeedReady), "a")
	g.with("wait", config{}, needs("wait-c", host.NeedReady, "wiat-a", host.NeedEnded), "b")
	g.with("wait", config{}, needs("wait-a", host.NeedReady), "c")
	err := g.Start(t.Context())
	var cycle *host.CycleError
	if !errors.As(err, &cycle) || !slices.Equal(cycle.Tasks, []string{"wait-a", "wait-b", "wait-c"}) {
		t.Errorf("Start: %v", err)
	}
	for _, want := range []string{
		`task "wait-a": its needs go in a circle: wait-a needs wait-b needs wait-c needs wait-a`,
		`task "wait-b": there is no task "wiat-a"; did you mean "wait-a"?`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Start: %v, want also %s", err, want)
		}
	}
	if g.State() != host.RunIdle || fmt.Sprint(g.Check()) != err.Error() {
		t.Errorf("the runner is %v; Check: %v", g.State(), g.Check())
	}
	g = newRig(t, host.Goroutine)
	g.start()
	for _, name := range []string{"wait-x", "nobody"} {
		s := g.spec("wait", config{}, "x")
		needs(name, host.NeedReady)(&s)
		if _, err := g.Add(s); err == nil {
			t.Errorf("a need of %q was accepted while running", name)
		}
	}
}

func TestStopGoesInReverse(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		slow := config{For: 20 * time.Millisecond}
		g.add("slow-stop", slow, "db")
		g.with("slow-stop", slow, needs("slow-stop-db", host.NeedReady), "app")
		g.with("slow-stop", slow, needs("slow-stop-app", host.NeedReady), "web")
		g.add("slow-stop", slow, "alone")
		g.start()
		g.awaitReady(g.Handles()...)
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{
			"slow-stop-web stopping", "slow-stop-web stopped", "slow-stop-app stopping", "slow-stop-app stopped",
			"slow-stop-db stopping", "slow-stop-db stopped",
		}
		if got := g.order(want...); !slices.Equal(got, want) {
			t.Errorf("order %q", got)
		}
		both := []string{"slow-stop-alone stopping", "slow-stop-web stopped"}
		if got := g.order(both...); !slices.Equal(got, both) {
			t.Errorf("order %q: who needs nobody waits for nobody", got)
		}
	})
}

// TestADeafDependentDoesNotTakeTheWholeGrace: what it needs is still asked in time.
func TestADeafDependentDoesNotTakeTheWholeGrace(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Goroutine, host.WithGrace(4*time.Second))
		db := g.add("slow-stop", config{For: time.Second}, "db")
		deaf := g.with("deaf", config{For: time.Minute}, needs("slow-stop-db", host.NeedReady))
		g.start()
		g.awaitReady(db, deaf)
		begin := time.Now()
		if err := g.Stop(t.Context()); err == nil || time.Since(begin) != 4*time.Second {
			t.Errorf("Stop took %v: %v", time.Since(begin), err)
		}
		wantStates(t, host.StateStopped, db)
		wantStates(t, host.StateAbandoned, deaf)
		time.Sleep(time.Minute) // until its code has ended, too
	})
}

func TestAChainOfAThousand(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Async)
		for n := range 1000 {
			change := func(*host.Spec) {}
			if n > 0 {
				change = needs(fmt.Sprintf("wait-%d", n-1), host.NeedReady)
			}
			g.with("wait", config{}, change, fmt.Sprint(n))
		}
		g.start()
		g.awaitReady(g.Handles()[999])
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, g.Handles()...)
	})
}

// TestWhoWaitsForWhatFailedSaysSo, although the policy stops it too, and the policy
// hears of the one failure alone.
func TestWhoWaitsForWhatFailedSaysSo(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		bad := g.add("fail", config{Text: "boom"})
		next := g.with("wait", config{}, needs("fail", host.NeedReady), "next")
		far := g.with("wait", config{}, needs("wait-next", host.NeedReady), "far")
		if err := g.Run(t.Context()); err != bad.Err() { // that very error, and nothing else
			t.Errorf("Run: %v", err)
		}
		for h, want := range map[*host.Handle]string{
			next: "needs fail to be ready, which failed", far: "needs wait-next to be ready, which never started",
		} {
			if h.Cause() != want || h.Attempts() != 0 || g.NumFailed() != 1 {
				t.Errorf("%s: cause %q, want %q", h.ID(), h.Cause(), want)
			}
		}
	})
}

// TestAFailureThatIsNotBegunAgainIsKept, although what the task needs is gone as well.
func TestAFailureThatIsNotBegunAgainIsKept(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		db := g.add("wait", config{}, "db")
		app := g.with("late-fail", config{Text: "boom"}, needs("wait-db", host.NeedReady))
		g.start()
		g.awaitReady(app)
		_ = db.Stop(t.Context())
		if err := app.Restart(t.Context()); !errors.Is(err, host.ErrEnded) {
			t.Errorf("Restart: %v", err)
		}
		e := taskError(t, app)
		want := "boom; it cannot start again: it needs wait-db to be ready, which stopped"
		if e.Outcome != host.OutcomeError || e.Err.Error() != want {
			t.Errorf("%v: %v, want %s", e.Outcome, e.Err, want)
		}
	})
}

// TestWhoWaitsForManyNamesFew, and says what it waits for now.
func TestWhoWaitsForManyNamesFew(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Goroutine)
		set, err := g.AddReplicas(g.spec("silent", config{}), 8)
		if err != nil {
			t.Fatal(err)
		}
		app := g.with("wait", config{}, needs("silent", host.NeedSucceeded))
		g.start()
		g.awaitState(app, host.StateWaiting)
		few := "waits for silent-1 to succeed, silent-2 to succeed, silent-3 to succeed, silent-4 to succeed, silent-5 to succeed"
		if want := few + ", and 3 more"; app.Cause() != want {
			t.Errorf("cause %q, want %q", app.Cause(), want)
		}
		if err := set.Scale(t.Context(), 5); err != nil {
			t.Error(err)
		}
		if app.Cause() != few {
			t.Errorf("cause %q, want %q", app.Cause(), few)
		}
	})
}
