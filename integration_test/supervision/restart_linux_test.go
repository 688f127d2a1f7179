package supervision

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// A killed process is replaced by another one, which goes on from the newest
// checkpoint.
func TestAKilledProcessGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	h := g.add("saver", host.Process, actor{Act: "save", N: 7}, restart)
	g.start()
	for attempt := 1; attempt <= 3; attempt++ {
		g.awaitReady(h, attempt)
		pid := g.process(h, attempt)
		g.signal(pid, syscall.SIGKILL)
		e := g.awaitState(h, attempt, host.StateBackingOff)
		if f := failure(t, e); f.Outcome != host.OutcomeSignalled || f.Signal != "killed" || f.Attempt != attempt {
			t.Errorf("attempt %d: %v", attempt, f)
		}
		g.wantDead(pid)
	}
	g.awaitReady(h, 4)
	pids := make(map[int]bool)
	for i, e := range g.found("saver", "begin") {
		pids[e.pid] = true
		if want := min(i, 1) * 7; e.attempt != i+1 || e.numbers[0] != want {
			t.Errorf("entry %d: attempt %d begins at %v, want %d", i, e.attempt, e.numbers, want)
		}
	}
	if len(pids) != 4 || h.Attempts() != 4 {
		t.Errorf("%d attempts in the processes %v", h.Attempts(), pids)
	}
}

// A task that dies in each attempt fails for good, and the policy hears of it once:
// it stops the others, in whatever mode, once.
func TestSpentRestartsReachThePolicyOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, host.WithPolicy(host.StopAll))
	var others []*host.Handle
	for _, m := range host.Modes() {
		others = append(others, g.add(m.String(), m, actor{Act: "wait", Guard: true}))
	}
	h := g.add("mortal", host.Process, actor{Act: "kill"}, restart, func(s *host.Spec) {
		s.Restart.Max = 2
		s.Needs = make(map[string]host.Need)
		for _, other := range others {
			s.Needs[other.ID()] = host.NeedReady
		}
	})
	err := g.Run(t.Context())
	if !errors.Is(err, host.ErrRestartsSpent) || err != h.Err() || g.NumFailed() != 1 {
		t.Errorf("Run: %v; %d failed, it with %v", err, g.NumFailed(), h.Err())
	}
	if f := failure(t, host.Event{Err: h.Err()}); f.Outcome != host.OutcomeSignalled || f.Attempt != 3 {
		t.Errorf("attempt %d, %v: %v", f.Attempt, f.Outcome, f)
	}
	if begins := g.found("mortal", "begin"); len(begins) != 3 {
		t.Errorf("it began %d times, want 3", len(begins))
	}
	for _, other := range others {
		if asked := g.found(other.ID(), "stop"); len(asked) != 1 || other.State() != host.StateStopped || other.Attempts() != 1 {
			t.Errorf("%s was asked %d times to stop, and is %v after %d attempts", other.ID(), len(asked), other.State(), other.Attempts())
		}
	}
}

// muteKey names a file in the environment of a plugin: who makes it first says
// nothing for ever.
const muteKey = "SUPERVISION_MUTE"

// prologue is what a plugin of the tests does before it is one.
func prologue() {
	if path := os.Getenv(muteKey); path != "" {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			file.Close()
			forever()
		}
	}
	lookAround()
}

// A plugin that never says hello is killed at the end of the start timeout, and
// begun again.
func TestAMutePluginIsBegunAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	h := g.add("mute", host.Process, actor{Act: "wait"}, restart, func(s *host.Spec) {
		s.StartTimeout = 5 * time.Second // for the second attempt, on a busy machine
		s.Env.Set[muteKey] = filepath.Join(t.TempDir(), "first")
	})
	began := time.Now()
	g.start()
	g.awaitState(h, 1, host.StateStarting)
	e := g.awaitState(h, 1, host.StateBackingOff)
	if took := e.Time.Sub(began); took < 5*time.Second || took > 5*time.Second+quickly {
		t.Errorf("it took %v", took)
	}
	if f := failure(t, e); f.Outcome != host.OutcomeLaunchFailed || !strings.Contains(f.Error(), "start timeout of 5s") {
		t.Errorf("%v: %v", f.Outcome, f)
	}
	g.awaitReady(h, 2)
	if pids := g.processes(); !slices.Equal(pids, []int{g.process(h, 2)}) {
		t.Errorf("the processes are %v, want that of attempt 2 alone, %d", pids, g.process(h, 2))
	}
}

// A task that panics too often in this process goes on in one of its own.
func TestAnIsolatedTaskRunsInAnotherProcess(t *testing.T) {
	for _, m := range []host.Mode{host.Goroutine, host.Async} {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			h := g.add("bug", m, actor{Act: "panic", N: 3}, restart, func(s *host.Spec) { s.Isolate = 2 })
			g.start()
			g.awaitReady(h, 4)
			here := []bool{}
			for _, e := range g.found("bug", "begin") {
				here = append(here, e.pid == os.Getpid())
			}
			if want := []bool{true, true, false, false}; !slices.Equal(here, want) || h.Mode() != host.Process {
				t.Errorf("that the attempts were in this process is %v, want %v; now it is in %v mode", here, want, h.Mode())
			}
			moved := g.awaitState(h, 3, host.StateStarting)
			if moved.Mode != host.Process || moved.Cause != "moved to a process of its own after 2 panics" {
				t.Errorf("attempt 3 starts in %v mode: %q", moved.Mode, moved.Cause)
			}
			if f := failure(t, g.awaitState(h, 3, host.StateBackingOff)); f.Outcome != host.OutcomePanic || f.Mode != host.Process || f.Stack == "" {
				t.Errorf("attempt 3, in %v mode: %v: %v", f.Mode, f.Outcome, f)
			}
		})
	}
}
