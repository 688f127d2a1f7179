package host_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

func (g *rig) group(name string, p host.Policy, s host.Strategy) {
	g.t.Helper()
	if err := g.AddGroup(host.Group{Name: name, Policy: p, Strategy: s}); err != nil {
		g.t.Fatal(err)
	}
}

func in(group string, more ...func(*host.Spec)) func(*host.Spec) {
	return func(s *host.Spec) {
		s.Group = group
		for _, change := range more {
			change(s)
		}
	}
}

func restartSoon(s *host.Spec) { s.Restart = soon }

// begins are the attempts of tasks that began, in order.
func (g *rig) begins() []string {
	<-g.events.ended
	var begins []string
	for _, e := range g.events.all() {
		if e.Type == host.EventState && e.State == host.StateStarting {
			begins = append(begins, strings.TrimPrefix(e.Task, "wait-")+strings.Repeat("'", e.Attempt-1))
		}
	}
	return begins
}

func TestStrategies(t *testing.T) {
	for strategy, want := range map[host.Strategy][]string{
		host.OneForOne:  {"a", "c", "d", "fail-until", "fail-until'"},
		host.OneForAll:  {"a", "c", "d", "fail-until", "a'", "c'", "fail-until'"},
		host.RestForOne: {"a", "c", "d", "fail-until", "c'", "fail-until'"},
	} {
		t.Run(strategy.String(), func(t *testing.T) {
			eachMode(t, func(t *testing.T, m host.Mode) {
				g := newRig(t, m)
				g.group("g", host.Propagate, strategy)
				a := g.with("wait", config{}, in("g"), "a")
				b := g.with("fail-until", config{N: 2, For: forever, Text: "boom"}, in("g", restartSoon,
					needs("wait-a", host.NeedReady, "wait-c", host.NeedReady, "wait-d", host.NeedReady)))
				c := g.with("wait", config{}, in("g"), "c")
				d := g.add("wait", config{}, "d")
				g.start()
				g.awaitReady(b)
				if err := g.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				if got := g.begins(); !slices.Equal(got, want) {
					t.Errorf("they began in the order %q, want %q", got, want)
				}
				wantStates(t, host.StateStopped, a, b, c, d)
			})
		})
	}
}

// TestARestartOfAllWaitsForTheLast: the new attempts begin when the last of the old
// ones has ended.
func TestARestartOfAllWaitsForTheLast(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.Propagate, host.OneForAll)
		slow := g.with("slow-stop", config{For: 100 * time.Millisecond}, in("g"))
		b := g.with("fail-until", config{N: 2, For: forever}, in("g", restartSoon, needs("slow-stop", host.NeedReady)))
		g.start()
		g.awaitReady(b)
		_ = g.Stop(t.Context())
		want := []string{"slow-stop stopping", "slow-stop backing-off", "slow-stop starting", "fail-until starting"}
		got := g.order(want...)
		if want = append([]string{"slow-stop starting", "fail-until starting"}, append(want, "slow-stop stopping")...); !slices.Equal(got, want) {
			t.Errorf("order %q, want %q", got, want)
		}
		if slow.Attempts() != 2 || b.Attempts() != 2 {
			t.Errorf("%d and %d attempts", slow.Attempts(), b.Attempts())
		}
	})
}

// TestARestartOfAllIsHonest: a process that does not stop is killed; a goroutine is
// reported, and not begun beside itself.
func TestARestartOfAllIsHonest(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(200*time.Millisecond), host.WithPolicy(host.LogOnly))
		g.group("g", host.LogOnly, host.OneForAll)
		deaf := g.with("deaf", config{For: 5 * time.Second}, in("g"))
		b := g.with("fail-until", config{N: 2, For: forever}, in("g", restartSoon, needs("deaf", host.NeedReady)))
		c := g.with("wait", config{}, in("g"))
		g.start()
		if m == host.Process {
			g.awaitReady(b)
			if deaf.Attempts() != 2 || deaf.State() != host.StateRunning {
				t.Errorf("%d attempts, %v", deaf.Attempts(), deaf.State())
			}
		} else {
			g.awaitState(deaf, host.StateAbandoned)
			<-b.Done() // what it needs is no more
			if deaf.Attempts() != 1 || b.State() != host.StateFailed {
				t.Errorf("%d attempts; the other is %v: %v", deaf.Attempts(), b.State(), b.Err())
			}
			g.await("c again", func(e host.Event) bool {
				return e.Task == c.ID() && e.Attempt == 2 && e.State == host.StateRunning
			})
		}
		_ = g.Stop(t.Context())
		if m != host.Process {
			time.Sleep(5 * time.Second) // until its code has ended, too
		}
	})
}

func TestAGroupThatStopsFailsUpward(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		g.group("g", host.StopAll, host.OneForOne)
		mate := g.with("late-fail", config{Text: "too"}, in("g"))
		bad := g.with("fail-later", config{Text: "boom", For: 50 * time.Millisecond}, in("g", needs("late-fail", host.NeedReady)))
		other := g.add("wait", config{})
		g.start()
		g.awaitReady(other, mate)
		err := g.Wait(t.Context())
		var failed *host.GroupError
		if !errors.As(err, &failed) || failed.Group != "g" || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "too") {
			t.Errorf("Wait: %v", err)
		}
		wantStates(t, host.StateFailed, bad, mate)
		wantStates(t, host.StateRunning, other)
		if _, err := g.Add(host.Spec{ID: "x", Kind: "wait", Group: "g"}); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Add to a group that has failed: %v", err)
		}
	})
}

func TestAGroupThatLogsDoesNotFail(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		g.group("g", host.LogOnly, host.OneForOne)
		bad := g.with("fail", config{Text: "boom"}, in("g"))
		other := g.add("wait", config{})
		g.start()
		g.awaitReady(other)
		<-bad.Done()
		wantStates(t, host.StateRunning, other)
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := g.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("Wait: %v, want the failure joined", err)
		}
	})
}

func TestAGroupThatPropagatesFailsUpward(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		g.group("g", host.Propagate, host.OneForOne)
		other := g.add("wait", config{})
		g.with("fail", config{Text: "boom"}, in("g", needs("wait", host.NeedReady)))
		if err := g.Run(t.Context()); err == nil || g.NumFailed() != 1 {
			t.Errorf("Run: %v, %d failures", err, g.NumFailed())
		}
		wantStates(t, host.StateStopped, other)
	})
}

func TestBadGroups(t *testing.T) {
	g := newRig(t, host.Goroutine)
	g.group("gang", host.StopAll, host.OneForAll)
	for text, bad := range map[string]host.Group{
		`bad task id ""`: {}, "duplicate": {Name: "gang"}, "Policy(9)": {Name: "h", Policy: 9}, "Strategy(9)": {Name: "h", Strategy: 9},
	} {
		if err := g.AddGroup(bad); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("AddGroup(%+v): %v, want %q", bad, err, text)
		}
	}
	if _, err := g.Add(host.Spec{ID: "a", Kind: "wait", Group: "gagn"}); err == nil || !strings.Contains(err.Error(), `did you mean "gang"`) {
		t.Errorf("Add: %v", err)
	}
}
