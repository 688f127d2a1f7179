package host_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// once has a task begin when another was ready once: what becomes of that one later
// does not concern it.
func (g *rig) once(h *host.Handle) func(*host.Spec) {
	gate := g.with("wait", config{}, needs(h.ID(), host.NeedReady), "gate", h.ID())
	return needs(gate.ID(), host.NeedReady)
}

// TestARestartOfAllGoesInReverse: who needs another is stopped before it.
func TestARestartOfAllGoesInReverse(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.Propagate, host.OneForAll)
		slow := config{For: 50 * time.Millisecond}
		g.with("slow-stop", slow, in("g"), "db")
		app := g.with("slow-stop", slow, in("g", needs("slow-stop-db", host.NeedReady)), "app")
		bad := g.with("fail-until", config{N: 2, For: forever}, in("g", restartSoon, g.once(app)))
		g.start()
		g.awaitReady(bad)
		_ = g.Stop(t.Context())
		want := []string{"slow-stop-app stopping", "slow-stop-app backing-off", "slow-stop-db stopping", "slow-stop-db backing-off", "fail-until backing-off"}
		got := g.order(want...)
		if want = append(want[4:], want[:4]...); !slices.Equal(got[:min(len(got), 5)], want) {
			t.Errorf("order %q, want %q", got, want)
		}
	})
}

// TestAPermanentFailureIsNotBegunAgain, although the others of the group are.
func TestAPermanentFailureIsNotBegunAgain(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		g.group("g", host.LogOnly, host.OneForAll)
		gone := g.with("late-fail-for-good", config{Text: "no key"}, in("g"))
		bad := g.with("fail-until", config{N: 2, For: forever}, in("g", restartSoon, g.once(gone)))
		g.start()
		g.awaitReady(bad)
		wantStates(t, host.StateFailed, gone)
		if gone.Attempts() != 1 || bad.Attempts() != 2 {
			t.Errorf("%d and %d attempts", gone.Attempts(), bad.Attempts())
		}
	})
}

// TestAGroupThatHasFailedBeginsNothing, not even what was about to.
func TestAGroupThatHasFailedBeginsNothing(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.StopAll, host.OneForAll)
		gone := g.with("late-fail-for-good", config{Text: "no key"}, in("g"))
		bad := g.with("fail-until", config{N: 2, For: forever}, in("g", restartSoon, g.once(gone)))
		other := g.with("wait", config{}, in("g"))
		if err := g.Run(t.Context()); err == nil {
			t.Error("no failure")
		}
		wantStates(t, host.StateStopped, bad)
		if gone.Attempts() != 1 || bad.Attempts() != 1 || other.Attempts() != 1 {
			t.Errorf("%d, %d and %d attempts", gone.Attempts(), bad.Attempts(), other.Attempts())
		}
	})
}

// TestWhatAFailureSetsFreeBeginsOnce: in a restart of all, a task that cannot begin
// again is what another one of them has waited for.
func TestWhatAFailureSetsFreeBeginsOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		g.group("g", host.LogOnly, host.OneForAll)
		db := g.add("wait", config{}, "db")
		bad := g.with("fail-later", config{For: time.Second, Text: "boom"}, in("g", restartSoon, needs("wait-db", host.NeedReady)))
		cleanUp := g.with("wait", config{}, in("g", needs("fail-later", host.NeedEnded)))
		g.start()
		g.awaitReady(bad)
		_ = db.Stop(t.Context())
		g.awaitReady(cleanUp)
		_ = g.Stop(t.Context())
		wantStates(t, host.StateFailed, bad)
		if cleanUp.Attempts() != 1 {
			t.Errorf("%d attempts", cleanUp.Attempts())
		}
	})
}

// TestARestartWaitsForWhoIsStopped: nothing of the group begins beside a task that is
// being stopped for good.
func TestARestartWaitsForWhoIsStopped(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.Propagate, host.OneForAll)
		slow := g.with("slow-stop", config{For: time.Second}, in("g"))
		bad := g.with("fail-later", config{For: 100 * time.Millisecond}, in("g", restartSoon, g.once(slow)))
		g.start()
		g.awaitReady(bad)
		if err := slow.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		g.await("a second attempt", func(e host.Event) bool { return e.Task == bad.ID() && e.Attempt == 2 })
		_ = g.Stop(t.Context())
		want := []string{"fail-later starting", "slow-stop stopped", "fail-later starting"}
		if got := g.order(want...); !slices.Equal(got[:min(len(got), 3)], want) {
			t.Errorf("order %q", got)
		}
	})
}

// TestWhoIsAddedDuringARestartBeginsWithTheOthers.
func TestWhoIsAddedDuringARestartBeginsWithTheOthers(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.Propagate, host.OneForAll)
		slow := g.with("slow-stop", config{For: time.Second}, in("g"))
		bad := g.with("fail-until", config{N: 2, For: forever}, in("g", restartSoon, g.once(slow)))
		g.start()
		g.awaitState(bad, host.StateBackingOff)
		added := g.with("wait", config{}, in("g"), "added")
		g.awaitReady(added, bad)
		_ = g.Stop(t.Context())
		want := []string{"slow-stop backing-off", "wait-added starting"}
		if got := g.order(want...); !slices.Equal(got, want) {
			t.Errorf("order %q", got)
		}
	})
}

// TestRestartEndsTheWaitOfAll that back off together.
func TestRestartEndsTheWaitOfAll(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.Propagate, host.OneForAll)
		mate := g.with("wait", config{}, in("g"))
		bad := g.with("fail-until", config{N: 2, For: forever}, in("g", g.once(mate), func(s *host.Spec) {
			s.Restart = host.Restart{When: host.RestartOnFailure, Initial: forever, Cap: forever}
		}))
		g.start()
		g.awaitState(mate, host.StateBackingOff)
		if mate.Next() != bad.Next() || time.Until(bad.Next()) < time.Second {
			t.Errorf("they begin at %v and %v", mate.Next(), bad.Next())
		}
		if err := mate.Restart(t.Context()); err != nil || mate.Attempts() != 2 || bad.Attempts() != 2 {
			t.Errorf("Restart: %v; %d and %d attempts", err, mate.Attempts(), bad.Attempts())
		}
		g.awaitReady(bad)
	})
}

// TestAFailureWhileOthersAreStarted: a restart that comes while Start is still at work.
func TestAFailureWhileOthersAreStarted(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			for range 3 {
				inBubble(t, func(t *testing.T) {
					g := newRig(t, m)
					g.group("g", host.Propagate, host.OneForAll)
					g.with("fail-until", config{N: 4, For: forever}, in("g", restartSoon))
					for n := range 2000 {
						g.with("wait", config{}, in("g"), fmt.Sprint(n))
					}
					g.start()
					time.Sleep(time.Second)
					synctest.Wait()
					for _, h := range g.Handles() {
						if !h.Ready() {
							t.Fatalf("%s is %v after %d attempts", h.ID(), h.State(), h.Attempts())
						}
					}
				})
			}
		})
	}
}
