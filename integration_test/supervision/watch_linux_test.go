package supervision

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// A process that says nothing is found within the watchdog's time, though it never
// did: one that is frozen, and one that is stuck but alive, which the error tells
// apart. It is killed without further ado, and begun again.
func TestTheWatchdogFindsASilentProcess(t *testing.T) {
	for name, want := range map[string]string{
		"frozen": "it showed no sign of life for 2s, nor does its plugin answer",
		"stuck":  "it showed no sign of life for 2s; its plugin still answers",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit = 2 * time.Second
			g := newRig(t, host.WithGrace(time.Hour)) // for which it does not wait
			h := g.add("silent", host.Process, actor{Act: "silent", MS: 50}, restart, func(s *host.Spec) { s.Watchdog = limit })
			g.start()
			ready := g.awaitReady(h, 1)
			pid := g.process(h, 1)
			if name == "frozen" {
				g.signal(pid, syscall.SIGSTOP)
			}
			e := g.awaitState(h, 1, host.StateBackingOff)
			if took := e.Time.Sub(ready.Time); took < limit || took > limit+quickly {
				t.Errorf("it took %v, want about %v", took, limit)
			}
			if f := failure(t, e); f.Outcome != host.OutcomeUnresponsive || f.Err.Error() != want {
				t.Errorf("%v: %v, want %q", f.Outcome, f, want)
			}
			g.wantDead(pid)
			g.awaitReady(h, 2)
			if again := g.process(h, 2); again == pid {
				t.Errorf("both attempts ran in process %d", pid)
			}
		})
	}
}

// An attempt that takes too long is stopped, with the processes that it started,
// whether it listens or has to be killed; so is the next one.
func TestATimeoutEndsTheWholeFamily(t *testing.T) {
	for _, act := range []string{"family", "deaf"} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			const limit = 3 * time.Second // in which a process starts also on a busy machine
			g := newRig(t, host.WithGrace(time.Second))
			h := g.add("late", host.Process, actor{Act: act, N: 3}, restart, func(s *host.Spec) { s.Timeout = limit })
			g.start()
			begun := g.awaitState(h, 1, host.StateStarting)
			e := g.awaitState(h, 1, host.StateBackingOff)
			if f := failure(t, e); f.Outcome != host.OutcomeTimedOut || f.Err.Error() != "it took longer than its timeout of 3s" {
				t.Errorf("%v: %v", f.Outcome, f)
			}
			if took := e.Time.Sub(begun.Time); took < limit || took > limit+quickly {
				t.Errorf("it took %v, want about %v", took, limit)
			}
			family := g.found("late", "family")
			if len(family) == 0 || len(family[0].numbers) != 3 {
				t.Fatalf("it has not told of its family: %v", family)
			}
			g.wantDead(append(family[0].numbers, family[0].pid)...)
			g.awaitReady(h, 2)
		})
	}
}

// At its deadline a run ends with all processes, whatever they are at: the healthy,
// the deaf and their children, those that back off and those that only start.
func TestADeadlineLeavesNoProcess(t *testing.T) {
	t.Parallel()
	const limit = 5 * time.Second
	g := newRig(t, host.WithDeadline(limit), host.WithGrace(time.Second), host.WithPolicy(host.LogOnly))
	healthy := g.add("healthy", host.Process, actor{Act: "wait"})
	deaf := g.add("deaf", host.Process, actor{Act: "deaf", N: 2})
	dead := g.add("dead", host.Process, actor{Act: "kill"}, func(s *host.Spec) {
		s.Restart = host.Restart{When: host.RestartOnFailure, Initial: time.Hour, Cap: time.Hour}
	})
	mute := g.add("mute", host.Process, actor{Act: "wait"}, func(s *host.Spec) {
		s.Env.Set[muteKey] = filepath.Join(t.TempDir(), "first")
	})
	began := time.Now()
	err := g.Run(t.Context())
	if took := time.Since(began); took < limit || took > limit+quickly {
		t.Errorf("it took %v", took)
	}
	if !errors.Is(err, host.ErrDeadline) || !errors.Is(err, deaf.Err()) || !strings.Contains(err.Error(), "deadline of 5s") {
		t.Errorf("Run: %v", err)
	}
	if left := g.processes(); len(left) > 0 {
		t.Errorf("when Run returned, these processes were left: %v", left)
	}
	for h, want := range map[*host.Handle]host.State{
		healthy: host.StateStopped, deaf: host.StateFailed, dead: host.StateStopped, mute: host.StateStopped,
	} {
		if h.State() != want || h.Attempts() != 1 {
			t.Errorf("%s is %v after %d attempts (%v), want %v", h.ID(), h.State(), h.Attempts(), h.Err(), want)
		}
	}
}
