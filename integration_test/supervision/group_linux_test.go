package supervision

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// lookKey has a plugin look around before it does anything else. Its value is the
// task's id and the trace.
const lookKey = "SUPERVISION_LOOK"

// lookAround writes down that this process has started, and which of the plugins in
// the trace are there at this moment, as zombies too, and which of their children
// are and are not being killed.
func lookAround() {
	id, path, asked := strings.Cut(os.Getenv(lookKey), " ")
	if !asked {
		return
	}
	entries, err := readTrace(path)
	if err != nil {
		fail(err)
	}
	var there []int
	for _, e := range entries {
		switch e.word {
		case "start":
			if syscall.Kill(e.pid, 0) == nil {
				there = append(there, e.pid)
			}
		case "family":
			there = append(there, slices.DeleteFunc(e.numbers, isDying)...)
		}
	}
	writeTrace(path, entry{id: id, word: "start", pid: os.Getpid(), numbers: there})
}

// isDying reports whether a process has ended, or will before it does anything else:
// it was killed, and has not had its turn since.
func isDying(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		switch name {
		case "State":
			if strings.HasPrefix(value, "Z") || strings.HasPrefix(value, "X") {
				return true
			}
		case "SigPnd", "ShdPnd": // a mask in hexadecimal digits
			mask, err := strconv.ParseUint(value, 16, 64)
			if err == nil && mask&(1<<(syscall.SIGKILL-1)) != 0 {
				return true
			}
		}
	}
	return false
}

func (g *rig) looksAround(id string) func(*host.Spec) {
	return func(s *host.Spec) { s.Env.Set[lookKey] = id + " " + g.trace }
}

// When one member of a one-for-all group dies, all processes of the group are gone
// before the first new one starts: those that take their time, and those that are deaf
// and have to be killed; and none that these have started does anything any more. The
// new ones themselves look.
func TestOneForAllStartsNoProcessBesideAnOldOne(t *testing.T) {
	t.Parallel()
	g := newRig(t, host.WithGrace(2*time.Second))
	if err := g.AddGroup(host.Group{Name: "all", Strategy: host.OneForAll}); err != nil {
		t.Fatal(err)
	}
	members := make(map[string]*host.Handle)
	for id, a := range map[string]actor{
		"plain": {Act: "wait"}, "slow": {Act: "family", N: 2, MS: 500}, "deaf": {Act: "deaf", N: 2}, "victim": {Act: "family", N: 2},
	} {
		members[id] = g.add(id, host.Process, a, restart, g.looksAround(id), func(s *host.Spec) { s.Group = "all" })
	}
	other := g.add("other", host.Process, actor{Act: "wait"}, g.looksAround("other"))
	g.start()
	for _, h := range g.Handles() {
		g.awaitReady(h, 1)
	}
	old := g.processes()
	old = slices.DeleteFunc(old, func(pid int) bool { return pid == g.process(other, 1) })
	if len(old) != len(members)+3*2 {
		t.Fatalf("the group has %d processes: %v", len(old), old)
	}
	g.signal(g.process(members["victim"], 1), syscall.SIGKILL)
	for _, h := range members {
		g.awaitReady(h, 2)
	}
	for id := range members {
		starts := g.found(id, "start")
		if len(starts) != 2 {
			t.Errorf("%s has started in %d processes, want 2", id, len(starts))
			continue
		}
		for _, pid := range starts[1].numbers {
			if slices.Contains(old, pid) {
				t.Errorf("when %s began again, process %d of before was there", id, pid)
			}
		}
	}
	if n := len(g.found("other", "start")); n != 1 || !other.Ready() {
		t.Errorf("who is not of the group has started %d times, and that it is ready is %v", n, other.Ready())
	}
}

// Replicas come and go while the run goes on: there are as many processes as there
// are replicas, from the moment in which Scale returns on the way down.
func TestReplicasLeaveNoProcess(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	anchor := g.add("anchor", host.Goroutine, actor{Act: "wait"})
	set, err := g.AddReplicas(g.spec("replica", host.Process, actor{Act: "wait"}), 2)
	if err != nil {
		t.Fatal(err)
	}
	g.start()
	known := make(map[*host.Handle]bool)
	for _, n := range []int{2, 5, 1, 3, 0, 2} {
		if err := set.Scale(t.Context(), n); err != nil {
			t.Errorf("Scale to %d: %v", n, err)
		}
		for _, h := range set.Handles() {
			if !known[h] {
				known[h] = true
				g.awaitNewReady(h)
			}
		}
		if pids := g.processes(); len(pids) != n {
			t.Errorf("with %d replicas there are the processes %v", n, pids)
		}
	}
	if want := 2 + 3 + 2 + 2; len(known) != want || len(g.Handles()) != 1+2 {
		t.Errorf("there were %d replicas, want %d; now there are %d tasks", len(known), want, len(g.Handles()))
	}
	for h := range known {
		if h.Attempts() != 1 || h.Err() != nil {
			t.Errorf("%s made %d attempts: %v", h.ID(), h.Attempts(), h.Err())
		}
	}
	if !anchor.Ready() {
		t.Error("another task was disturbed")
	}
}

// awaitNewReady waits until a task is up whose id others may have had before.
func (g *rig) awaitNewReady(h *host.Handle) {
	g.t.Helper()
	g.events.Await(g.t, fmt.Sprint(h.ID(), " is ready"), func(e host.Event) bool { return e.Task == h.ID() && h.Ready() })
}
