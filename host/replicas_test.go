package host_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

func ids(handles []*host.Handle) []string {
	var ids []string
	for _, h := range handles {
		ids = append(ids, h.ID())
	}
	return ids
}

func TestReplicas(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		set, err := g.AddReplicas(g.spec("wait", config{}), 2)
		if err != nil {
			t.Fatal(err)
		}
		app := g.with("wait", config{}, needs("wait", host.NeedReady), "app")
		g.start()
		g.awaitReady(app)
		if got := ids(g.Handles()); !slices.Equal(got, []string{"wait-1", "wait-2", "wait-app"}) {
			t.Errorf("tasks %q", got)
		}
		if err := set.Scale(t.Context(), 4); err != nil {
			t.Error(err)
		}
		four := set.Handles()
		g.awaitReady(four...)
		if err := set.Scale(t.Context(), 1); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, four[1:]...)
		wantStates(t, host.StateRunning, four[0], app)
		if got := ids(g.Handles()); !slices.Equal(got, []string{"wait-1", "wait-app"}) {
			t.Errorf("after scaling down: %q", got)
		}
		if err := set.Scale(t.Context(), 2); err != nil {
			t.Error(err)
		}
		g.await("a new wait-2", func(e host.Event) bool {
			return e.Task == "wait-2" && e.State == host.StateRunning && set.Handles()[1] != four[1]
		})
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := set.Scale(t.Context(), 3); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Scale after Stop: %v", err)
		}
	})
}

func TestBadReplicas(t *testing.T) {
	g := newRig(t, host.Goroutine)
	g.add("wait", config{}, "2")
	if _, err := g.AddReplicas(g.spec("wait", config{}), 3); !errors.Is(err, host.ErrDuplicateID) {
		t.Errorf("an id twice: %v", err)
	}
	if got := ids(g.Handles()); !slices.Equal(got, []string{"wait-2"}) {
		t.Errorf("tasks %q: some were added", got)
	}
	if _, err := g.AddReplicas(g.spec("wait", config{}), -1); err == nil {
		t.Error("-1 replicas were accepted")
	}
	if _, err := g.AddReplicas(g.spec("wiat", config{}), 0); err == nil {
		t.Error("an unknown kind was accepted")
	}
	if _, err := g.AddReplicas(g.spec("wait", config{}), 0); err != nil {
		t.Error(err)
	}
	if _, err := g.Add(g.spec("wait", config{})); !errors.Is(err, host.ErrDuplicateID) {
		t.Errorf("the name of replicas as an id: %v", err)
	}
}

func TestComeAndGo(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		first := g.add("wait", config{})
		g.start()
		g.awaitReady(first)
		if err := g.Remove(t.Context(), "nobody"); !errors.Is(err, host.ErrUnknownTask) {
			t.Errorf("Remove of nobody: %v", err)
		}
		if err := g.Remove(t.Context(), "wait"); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, first)
		second := g.add("wait", config{})
		g.await("the second", func(host.Event) bool { return second.Ready() })
		waiting := g.with("wait", config{}, needs("wait", host.NeedSucceeded), "next")
		g.awaitState(waiting, host.StateWaiting)
		if err := g.Remove(t.Context(), "wait"); err != nil {
			t.Error(err)
		}
		<-waiting.Done()
		if want := "needs wait to succeed, which stopped"; waiting.Cause() != want || waiting.Attempts() != 0 {
			t.Errorf("cause %q, want %q", waiting.Cause(), want)
		}
	})
}

// TestNothingBeginsAfterAStop, whatever was about to.
func TestNothingBeginsAfterAStop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for n := range 100 {
			g := newRig(t, host.Async)
			g.group("g", host.LogOnly, host.OneForAll)
			for range 3 {
				_, err := g.AddReplicas(host.Spec{
					ID: "r" + string(rune('a'+len(g.Handles()))), Kind: "fail-later", Config: config{For: time.Second, Text: "boom"},
					Restart: host.Restart{When: host.RestartOnFailure, Max: host.Unlimited, Initial: time.Second}, Group: "g",
				}, 3)
				if err != nil {
					t.Fatal(err)
				}
			}
			g.start()
			time.Sleep(time.Duration(n) * 37 * time.Millisecond)
			_ = g.Stop(t.Context())
			attempts := 0
			for _, h := range g.Handles() {
				attempts += h.Attempts()
			}
			time.Sleep(time.Minute)
			for _, h := range g.Handles() {
				attempts -= h.Attempts()
				if !h.State().Ended() && h.Attempts() > 0 {
					t.Errorf("%s is %v", h.ID(), h.State())
				}
			}
			if attempts != 0 {
				t.Errorf("%d attempts began after Stop", -attempts)
			}
		}
	})
}

// TestScaleFillsGaps: the lowest numbers that are free are the next ones.
func TestScaleFillsGaps(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		set, err := g.AddReplicas(g.spec("wait", config{}), 3)
		if err != nil {
			t.Fatal(err)
		}
		g.start()
		g.awaitReady(set.Handles()...)
		if err := g.Remove(t.Context(), "wait-2"); err != nil {
			t.Error(err)
		}
		if err := set.Scale(t.Context(), 4); err != nil {
			t.Error(err)
		}
		if got := ids(set.Handles()); !slices.Equal(got, []string{"wait-1", "wait-2", "wait-3", "wait-4"}) {
			t.Errorf("replicas %q", got)
		}
		if err := set.Scale(t.Context(), 2); err != nil {
			t.Error(err)
		}
		if got := ids(set.Handles()); !slices.Equal(got, []string{"wait-1", "wait-2"}) {
			t.Errorf("replicas %q", got)
		}
	})
}

// TestWhoNeedsReplicasNeedsThoseThatStay: a replica that is scaled away keeps nobody
// waiting, nor from ever beginning.
func TestWhoNeedsReplicasNeedsThoseThatStay(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		set, err := g.AddReplicas(g.spec("silent", config{}), 2)
		if err != nil {
			t.Fatal(err)
		}
		app := g.with("succeed", config{}, needs("silent", host.NeedReady))
		g.start()
		g.awaitState(app, host.StateWaiting)
		if err := set.Scale(t.Context(), 1); err != nil {
			t.Error(err)
		}
		if want := "waits for silent-1 to be ready"; over(app) || app.Cause() != want {
			t.Errorf("it is %v, cause %q, want %q", app.State(), app.Cause(), want)
		}
		if err := set.Scale(t.Context(), 0); err != nil {
			t.Error(err)
		}
		<-app.Done()
		wantStates(t, host.StateSucceeded, app)
	})
}

// TestNoReplicasMeetEveryNeed.
func TestNoReplicasMeetEveryNeed(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		if _, err := g.AddReplicas(g.spec("wait", config{}), 0); err != nil {
			t.Fatal(err)
		}
		first := g.with("succeed", config{}, needs("wait", host.NeedReady), "first")
		g.start()
		live := g.with("succeed", config{}, needs("wait", host.NeedSucceeded), "live")
		<-first.Done()
		<-live.Done()
		wantStates(t, host.StateSucceeded, first, live)
	})
}

// TestAReplicaMayScaleWhileItIsScaledAway: it does not wait for who waits for it.
func TestAReplicaMayScaleWhileItIsScaledAway(t *testing.T) {
	eachCaller(t, func(t *testing.T, m host.Mode, choose func(context.Context) context.Context) {
		var set *host.Replicas
		g := newRig(t, m, doing("scales", func(ctx context.Context) error {
			task.Ready(ctx)
			_ = task.Sleep(ctx, forever)
			limited, cancel := context.WithTimeout(choose(ctx), time.Second)
			defer cancel()
			return set.Scale(limited, 5)
		}))
		var err error
		if set, err = g.AddReplicas(g.spec("scales", config{}), 2); err != nil {
			t.Fatal(err)
		}
		g.start()
		two := set.Handles()
		g.awaitReady(two...)
		_ = set.Scale(t.Context(), 0) // each returns why it did not scale
		for _, h := range two {
			if h.State() == host.StateAbandoned {
				t.Errorf("%s: %v", h.ID(), h.Err())
			}
		}
		if n := len(set.Handles()); n != 0 {
			t.Errorf("%d replicas", n)
		}
	})
}
