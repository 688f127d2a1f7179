package host_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
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
