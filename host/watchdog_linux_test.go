package host_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
)

// TestAFrozenProcessIsFoundByItsWatchdog, also where its task says nothing anyway, and
// is killed and begun again.
func TestAFrozenProcessIsFoundByItsWatchdog(t *testing.T) {
	const limit = 2 * time.Second
	g := newRig(t, host.Process, host.WithGrace(time.Hour))
	h := g.with("pid", config{}, func(s *host.Spec) { s.Watchdog, s.Restart = limit, soon })
	g.start()
	pid := g.pidOf(h, 1)
	freeze(t, pid)
	frozen := time.Now()
	g.await("a second attempt", func(e host.Event) bool { return e.Task == h.ID() && e.Attempt == 2 && e.Type == host.EventReady })
	wantTook(t, host.Process, frozen, 0, limit+busy)
	for _, e := range g.events.all() {
		if e.State != host.StateBackingOff {
			continue
		}
		if want := "it showed no sign of life for 2s, nor does its plugin answer"; e.Cause != want {
			t.Errorf("cause %q, want %q", e.Cause, want)
		}
		if text := e.Err.Error(); !strings.Contains(text, "no sign of life") {
			t.Error(text)
		}
	}
	if err := unix.Kill(pid, 0); err == nil {
		t.Errorf("process %d still lives", pid)
	}
}

// pidOf waits until a task of kind "pid" has said in which process an attempt runs.
func (g *rig) pidOf(h *host.Handle, attempt int) (pid int) {
	g.t.Helper()
	g.await("a process id", func(e host.Event) bool {
		if e.Task != h.ID() || e.Attempt != attempt || e.Type != host.EventProgress {
			return false
		}
		pid = int(e.Progress.Done)
		return true
	})
	return pid
}
