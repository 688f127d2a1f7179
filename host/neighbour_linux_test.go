package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// What one task does to the others of its process.

// TestDeafTaskInASharedProcess: to end it by force is to kill the process. The others are
// told why, and come back.
func TestDeafTaskInASharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	deaf := g.with("deaf", config{For: forever}, sharing)
	lost, again := g.with("pid", config{}, sharing, "lost"), g.with("pid", config{}, restarted, "again")
	g.start()
	g.awaitReady(deaf, lost, again)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := deaf.Stop(ctx); err == nil {
		t.Error("no failure")
	}
	<-lost.Done()
	if err := taskError(t, deaf); err.Outcome != host.OutcomeStopTimeout || strings.Contains(err.Error(), "ran there too") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	err := taskError(t, lost)
	if err.Outcome != host.OutcomeLost || err.Signal != "killed" || !errors.Is(err, wire.ErrLost) ||
		!strings.Contains(err.Error(), `its process was killed: task "deaf", which ran there too, did not stop in time`) {
		t.Errorf("outcome %s, signal %q: %v", err.Outcome, err.Signal, err)
	}
	if a, b := g.pid(lost), g.pidOf(again, 2); a == b {
		t.Errorf("it came back in process %d", a)
	}
}

// TestSharedProcessThatIsToldToEnd: it takes no more tasks, those that come get another
// one, and one of its own that is slow goes on to its end.
func TestSharedProcessThatIsToldToEnd(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly), host.WithGrace(time.Second))
	deaf, told := g.with("deaf", config{For: forever}, sharing), g.with("pid", config{}, sharing, "told")
	g.start()
	g.awaitReady(deaf, told)
	old := g.pid(told)
	if err := unix.Kill(old, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-told.Done() // so that the process knows
	var all []*host.Handle
	for i := range 5 {
		all = append(all, g.with("pid", config{}, sharing, fmt.Sprint(i)))
	}
	g.awaitReady(all...)
	for _, h := range all {
		if pid := g.pid(h); pid == old || pid != g.pid(all[0]) {
			t.Errorf("%s runs in process %d, the first in %d, and %d is ending", h.ID(), pid, g.pid(all[0]), old)
		}
	}
	wantStates(t, host.StateRunning, deaf)
}

// TestSilentTaskInASharedProcess: as its process answers, it is asked to stop, and the
// others go on.
func TestSilentTaskInASharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	other := g.with("pid", config{}, sharing)
	silent := g.with("silent", config{}, func(s *host.Spec) { sharing(s); s.Watchdog = 4 * time.Second })
	g.start()
	g.awaitReady(other)
	<-silent.Done()
	if err := taskError(t, silent); err.Outcome != host.OutcomeUnresponsive || !strings.Contains(err.Error(), "its plugin still answers") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	wantStates(t, host.StateRunning, other)
	if other.Attempts() != 1 {
		t.Errorf("%d attempts", other.Attempts())
	}
}

// TestFrozenSharedProcess: it is killed as soon as one finds out, and all are told why.
func TestFrozenSharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	var watched []*host.Handle
	for i := range 20 {
		watched = append(watched, g.with("wait", config{}, func(s *host.Spec) { sharing(s); s.Watchdog = 2 * time.Second }, fmt.Sprint(i)))
	}
	other, again := g.with("pid", config{}, sharing), g.with("pid", config{}, restarted, "again")
	g.start()
	g.awaitReady(append(watched, other, again)...)
	freeze(t, g.pid(other))
	for _, h := range append(watched, other) {
		<-h.Done()
	}
	unresponsive := 0
	for _, h := range append(watched, other) {
		switch err := taskError(t, h); {
		case err.Outcome == host.OutcomeUnresponsive && strings.Contains(err.Error(), "nor does its plugin answer"):
			unresponsive++
		case err.Outcome == host.OutcomeLost && strings.Contains(err.Error(), "nor did their process answer"):
		default:
			t.Errorf("%s: outcome %s: %v", h.ID(), err.Outcome, err)
		}
	}
	if unresponsive == 0 {
		t.Error("nobody was found unresponsive")
	}
	if a, b := g.pid(other), g.pidOf(again, 2); a == b {
		t.Errorf("it came back in process %d", a)
	}
}

// TestSlowMakerInASharedProcess: who is not made in time fails alone, and nobody joins it.
func TestSlowMakerInASharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	other := g.with("pid", config{}, sharing, "1")
	g.start()
	g.awaitReady(other)
	slow := g.with("make-slowly", config{For: forever}, func(s *host.Spec) { sharing(s); s.StartTimeout = 300 * time.Millisecond })
	<-slow.Done()
	if err := taskError(t, slow); err.Outcome != host.OutcomeLaunchFailed || !strings.Contains(err.Error(), "start timeout of 300ms") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	next := g.with("pid", config{}, sharing, "2")
	g.awaitReady(next)
	wantStates(t, host.StateRunning, other, next)
	if a, b := g.pid(other), g.pid(next); a == b {
		t.Errorf("it runs in process %d, where a task is being made for ever", a)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	wantNoPlugins(t)
}

// TestSharedProcessInWhichOneMayRunOn is asked to end when the last of the others has
// left it, and not killed as others are then: who was given up may clean up.
func TestSharedProcessInWhichOneMayRunOn(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	other := g.with("pid", config{}, sharing)
	g.start()
	g.awaitReady(other)
	lock := filepath.Join(t.TempDir(), "lock")
	givenUp := g.with("make-under-lock", config{Text: lock}, func(s *host.Spec) { sharing(s); s.StartTimeout = time.Second })
	<-givenUp.Done()
	if _, err := os.Stat(lock); err != nil {
		t.Fatalf("it does not run: %v", err)
	}
	wantStates(t, host.StateRunning, other)
	if err := other.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if _, err := os.Stat(lock); !os.IsNotExist(err) {
		t.Errorf("it was not asked: %v", err)
	}
	if n := len(processes(t)); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}
