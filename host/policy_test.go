package host_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestLaunchFailureUnderLogOnlyIsThatTasksAlone(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		first, third := g.add("succeed", config{Text: "1"}), g.add("wait", config{})
		second := g.add("refuse", config{Text: "no licence"})
		g.start()
		<-first.Done()
		<-second.Done()
		g.awaitReady(third)
		wantStates(t, host.StateSucceeded, first)
		wantStates(t, host.StateFailed, second)
		wantStates(t, host.StateRunning, third)
		err := taskError(t, second)
		if err.Outcome != host.OutcomeLaunchFailed || !errors.Is(err, task.ErrBadConfig) || !strings.Contains(err.Error(), "no licence") {
			t.Errorf("outcome %s: %v", err.Outcome, err)
		}
		if g.log.line("ERROR", "task failed", "task=refuse", "no licence") == "" {
			t.Error("the failure is not in the log")
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v, want nil: the failure was over before", err)
		}
		if err := g.Wait(t.Context()); !errors.Is(err, second.Err()) {
			t.Errorf("Wait: %v, want %v", err, second.Err())
		}
	})
}

func TestPropagateInTheForegroundStopsTheSiblings(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		siblings := []*host.Handle{g.add("wait", config{}, "1"), g.add("wait", config{}, "2")}
		bad := g.add("fail-later", config{Text: "broke", For: 50 * time.Millisecond})
		err := g.Run(t.Context())
		if err != bad.Err() {
			t.Errorf("Run: %v, want %v itself", err, bad.Err())
		}
		wantStates(t, host.StateStopped, siblings...)
		wantStates(t, host.StateFailed, bad)
		if g.State() != host.RunEnded {
			t.Errorf("the runner is %v", g.State())
		}
	})
}

func TestPropagateInTheBackgroundLeavesTheSiblingsToTheCaller(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		sibling := g.add("wait", config{})
		g.start()
		g.awaitReady(sibling)
		bad := g.add("fail", config{Text: "broke"})
		for range 2 {
			if err := g.Wait(t.Context()); err != bad.Err() {
				t.Errorf("Wait: %v, want %v itself", err, bad.Err())
			}
		}
		wantStates(t, host.StateRunning, sibling)
		if g.State() != host.RunRunning {
			t.Errorf("the runner is %v", g.State())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		wantStates(t, host.StateStopped, sibling)
		if err := g.Wait(t.Context()); err != bad.Err() {
			t.Errorf("Wait after the end: %v, want %v itself", err, bad.Err())
		}
	})
}

func TestErrorsOfTwoThatFailTogetherAreJoined(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		c := config{Text: "broke", For: 20 * time.Millisecond}
		first, second := g.add("fail-later", c, "1"), g.add("fail-later", c, "2")
		wantJoined(t, g.Runner, g.Run(t.Context()), first, second)
	})
}

func TestErrorsOfTheFirstAndOfThoseThatItStopsAreJoined(t *testing.T) {
	for _, p := range []host.Policy{host.Propagate, host.StopAll} {
		t.Run(p.String(), func(t *testing.T) {
			eachMode(t, func(t *testing.T, m host.Mode) {
				g := newRig(t, m, host.WithPolicy(p))
				second := g.add("late-fail", config{Text: "broke when asked to stop"})
				var running sync.WaitGroup
				var err error
				running.Go(func() { err = g.Run(t.Context()) })
				g.awaitReady(second)
				first := g.add("fail", config{Text: "broke"})
				running.Wait()
				wantJoined(t, g.Runner, err, first, second)
				if failed := g.Failed(); len(failed) == 2 && failed[0] != first {
					t.Errorf("%s is first of the failures", failed[0].ID())
				}
			})
		})
	}
}

// wantJoined checks that err has the errors of these tasks, which have failed, and
// that no others have.
func wantJoined(t *testing.T, r *host.Runner, err error, failed ...*host.Handle) {
	t.Helper()
	wantStates(t, host.StateFailed, failed...)
	for _, h := range failed {
		if !errors.Is(err, h.Err()) {
			t.Errorf("the result is %v, want also %v", err, h.Err())
		}
		if !slices.Contains(r.Failed(), h) {
			t.Errorf("%s is not among the failed", h.ID())
		}
	}
	if r.NumFailed() != len(failed) || (err == nil) != (len(failed) == 0) {
		t.Errorf("%d failed, want %d; the result is %v", r.NumFailed(), len(failed), err)
	}
}

func TestStopAllAsksEachTaskOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		asked := []*host.Handle{g.add("count-stops", config{}, "1"), g.add("count-stops", config{}, "2")}
		g.start()
		g.awaitReady(asked...)
		for _, word := range []string{"1", "2"} { // they fail at once, or nearly so
			_, err := g.Add(g.spec("fail-later", config{Text: word, For: 50 * time.Millisecond}, word))
			if err != nil && !errors.Is(err, host.ErrStopping) {
				t.Fatal(err)
			}
		}
		g.awaitState(asked[0], host.StateStopping)
		_ = g.Stop(t.Context()) // on top of it
		for _, h := range asked {
			if n, err := host.Result[int](t.Context(), h); n != 1 || err != nil {
				t.Errorf("%s was asked to stop %d times: %v", h.ID(), n, err)
			}
			wantStates(t, host.StateStopped, h)
		}
		if g.NumFailed() == 0 {
			t.Error("nobody failed")
		}
		for _, h := range g.Handles() {
			if n := count(g.events.states(h), host.StateStopping); n > 1 {
				t.Errorf("%s was asked to stop %d times", h.ID(), n)
			}
		}
	})
}

func count[T comparable](all []T, want T) int {
	n := 0
	for _, v := range all {
		if v == want {
			n++
		}
	}
	return n
}

func TestEveryKindOfFailureFollowsThePolicy(t *testing.T) {
	for _, kind := range []string{"fail", "panic", "goexit", "refuse", "refuse-with-panic", "chan"} {
		for _, p := range host.Policies() {
			t.Run(kind+" "+p.String(), func(t *testing.T) {
				eachMode(t, func(t *testing.T, m host.Mode) { followsPolicy(t, m, p, kind) })
			})
		}
	}
}

// followsPolicy checks what one task of a kind that fails does to its sibling.
func followsPolicy(t *testing.T, m host.Mode, p host.Policy, kind string) {
	t.Helper()
	g := newRig(t, m, host.WithPolicy(p))
	sibling := g.add("wait", config{})
	bad := g.add(kind, config{Text: "as asked"})
	g.start()
	<-bad.Done()
	wantStates(t, host.StateFailed, bad)
	if p == host.StopAll {
		<-sibling.Done()
		wantStates(t, host.StateStopped, sibling)
		if _, err := g.Add(host.Spec{ID: "late", Kind: "wait"}); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Add after the failure: %v, want ErrStopping", err)
		}
	} else {
		g.awaitReady(sibling)
		wantStates(t, host.StateRunning, sibling)
		if err := sibling.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	if err := g.Wait(t.Context()); err != bad.Err() {
		t.Errorf("Wait: %v, want %v itself", err, bad.Err())
	}
	if n, not := g.NumFailed(), g.NotFailed(); n != 1 || len(not) != 1 || not[0] != sibling {
		t.Errorf("%d failed; not failed are %v", n, not)
	}
	logged := g.log.line("ERROR", "task failed", "task="+bad.ID()) != ""
	if logged != (p == host.LogOnly) {
		t.Errorf("under %v, that the failure is in the log is %v", p, logged)
	}
}

func TestCompletionIsSeenWhenItHappens(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		slow, fast, bad := g.add("wait", config{}), g.add("succeed", config{Text: "fast"}), g.add("fail", config{Text: "fast"})
		g.start()
		<-fast.Done()
		<-bad.Done()
		g.awaitState(fast, host.StateSucceeded)
		g.awaitState(bad, host.StateFailed)
		if got, err := host.Result[config](t.Context(), fast); got.Text != "fast" || err != nil {
			t.Errorf("the result is %v, %v", got, err)
		}
		if slow.State().Ended() {
			t.Error("the slow task has ended")
		}
	})
}
