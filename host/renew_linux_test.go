package host_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
)

// What becomes of processes that wait, or are to, when things change.

// TestPatientTaskInAWaitingProcess: a task that takes a process whose launch was begun
// for nobody has its own start timeout, and not that of the launch.
func TestPatientTaskInAWaitingProcess(t *testing.T) {
	gate := newGate(t)
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly), host.WithStartTimeout(4*time.Second))
	guarded := func(s *host.Spec) { gate.guards(s); s.Warm = 1 }
	first := g.with("pid", config{}, guarded, "first")
	g.start()
	gate.awaitGuest()
	gate.letPass()
	g.awaitReady(first)
	gate.awaitGuest() // which is to wait
	patient := g.with("pid", config{}, func(s *host.Spec) { guarded(s); s.StartTimeout = patience }, "patient")
	g.awaitState(patient, host.StateStarting)
	impatient := g.with("pid", config{}, guarded, "impatient")
	<-impatient.Done() // so that the launch's time is over, too
	if err := taskError(t, impatient); err.Outcome != host.OutcomeLaunchFailed {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	gate.stayOpen()
	g.awaitReady(patient)
}

// TestReloadLeavesALaunchToItsTask: a new version ends launches of the old one that
// nobody waits for, and no other.
func TestReloadLeavesALaunchToItsTask(t *testing.T) {
	gate, s := newGate(t), newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithPolicy(host.LogOnly), host.WithStartTimeout(patience))
	guarded := func(s *host.Spec) { gate.guards(s); s.Warm = 1 }
	first := g.with("guest/edition", config{}, guarded, "first")
	g.start()
	gate.awaitGuest()
	gate.letPass()
	g.awaitEdition(first.ID(), 1, "first after ")
	gate.awaitGuest() // which is to wait
	taken := g.with("guest/edition", config{}, guarded, "taken")
	g.awaitState(taken, host.StateStarting)
	s.publish("second", "guest")
	if _, err := g.Reload(t.Context(), s.Catalog); err != nil {
		t.Fatal(err)
	}
	next := g.with("guest/edition", config{}, guarded, "next")
	g.awaitState(next, host.StateStarting)
	gate.stayOpen()
	g.awaitEdition(taken.ID(), 1, "first after ")
	g.awaitEdition(next.ID(), 1, "second after ")
	g.awaitWaiting(1)
	if g.NumFailed() != 0 || g.log.line("WARN") != "" {
		t.Errorf("%d tasks failed; the log warns: %s", g.NumFailed(), g.log.line("WARN"))
	}
}

// TestWarmProcessesAreOfTheCatalogsVersion, also when that is one that was there before;
// a task that Reload has left on another one changes nothing.
func TestWarmProcessesAreOfTheCatalogsVersion(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog), host.WithStartTimeout(patience))
	left := g.with("guest/edition", config{}, func(s *host.Spec) { warm(1)(s); s.Restart = soon }, "left")
	g.start()
	pid := g.awaitEdition(left.ID(), 1, "first after ")
	waiting := g.awaitWaiting(1)
	for n, edition := range []string{"second", "first", "second"} {
		s.publish(edition, "guest")
		if _, err := g.Reload(t.Context(), s.Catalog); err != nil {
			t.Fatal(err)
		}
		next := g.with("guest/edition", config{}, warm(1), fmt.Sprint("next-", n))
		g.awaitEdition(next.ID(), 1, edition+" after ")
		awaitEnd(t, waiting[len(waiting)-1])
		waiting = g.awaitWaiting(2*n + 2)
		if edition == "second" {
			if err := unix.Kill(int(pid), unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
			pid = g.awaitEdition(left.ID(), left.Attempts()+1, "first after first")
		}
		warmed := g.with("guest/edition", config{}, warm(1), fmt.Sprint("warmed-", n))
		if pid := g.awaitEdition(warmed.ID(), 1, edition+" after "); int(pid) != waiting[2*n+1] {
			t.Errorf("in edition %s a task runs in %d; there waited %v", edition, pid, waiting)
		}
		waiting = g.awaitWaiting(2*n + 3)
	}
}

// awaitEnd waits until a process of this one's has ended.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(patience.Milliseconds()))
	if n != 1 || err != nil {
		t.Errorf("process %d has not ended: %v", pid, err)
	}
}
