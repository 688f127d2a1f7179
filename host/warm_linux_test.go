package host_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
)

// warm has n processes wait.
func warm(n int) func(*host.Spec) { return func(s *host.Spec) { s.Warm = n } }

// awaitWaiting waits until n processes in all have been said to wait, and returns their
// ids.
func (g *rig) awaitWaiting(n int) (pids []int) {
	g.t.Helper()
	for deadline := time.After(patience); ; {
		grows := g.log.grows() // asked before it is read
		if pids = g.waiting(); len(pids) >= n {
			return pids
		}
		select {
		case <-grows:
		case <-deadline:
			g.t.Fatalf("%d processes wait, want %d", len(pids), n)
		}
	}
}

// waiting are the ids of the processes that the log says wait, or waited.
func (g *rig) waiting() (pids []int) {
	g.t.Helper()
	for line := range strings.Lines(g.log.String()) {
		if strings.Contains(line, "a plugin process waits for a task") {
			_, text, _ := strings.Cut(line, "pid=")
			pid, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				g.t.Fatalf("%s: %v", line, err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestWarmProcessesServeOnce: a task gets one that waits, which is replaced, and at the
// end of the run none is left.
func TestWarmProcessesServeOnce(t *testing.T) {
	g := newRig(t, host.Process)
	first := g.with("pid", config{}, warm(2), "0")
	g.start()
	g.awaitReady(first)
	used := map[int]bool{g.pid(first): true}
	for i := range 4 {
		waiting := g.awaitWaiting(2 + i)
		h := g.with("pid", config{}, warm(2), fmt.Sprint(i+1))
		pid := g.pid(h)
		if used[pid] || !slices.Contains(waiting, pid) {
			t.Errorf("task %d runs in process %d; there waited %v, and %v were used", i, pid, waiting, used)
		}
		used[pid] = true
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := unix.Kill(pid, 0); err == nil {
			t.Errorf("process %d lives on", pid)
		}
	}
	g.awaitWaiting(6)
	if n := len(processes(t)); n != 3 { // the first task's, and those that wait
		t.Errorf("there are %d processes", n)
	}
	other := g.with("report", config{Text: "mine", N: 1}, func(*host.Spec) {}, "other") // of the same makeup
	<-other.Done()
	if g.log.line("WARN", "mine", "task=report-other") == "" {
		t.Errorf("what it logs is not its own:\n%v", g.log)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	<-g.events.ended
	wantNoPlugins(t)
}

// TestWarmSharedProcess: who shares gets into the process that is in use before one that
// waits; one that was left by all waits again if there is need.
func TestWarmSharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	both := func(s *host.Spec) { sharing(s); warm(1)(s); s.Restart = soon }
	first := g.with("pid", config{}, both, "1")
	g.start()
	g.awaitReady(first)
	waiting := g.awaitWaiting(1)
	second := g.with("pid", config{}, both, "2")
	if a, b := g.pid(first), g.pid(second); a != b || slices.Contains(waiting, a) {
		t.Errorf("they run in %d and %d, %v waits", a, b, waiting)
	}
	if err := unix.Kill(g.pid(first), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if a, b := g.pidOf(first, 2), g.pidOf(second, 2); a != b || !slices.Contains(waiting, a) {
		t.Errorf("they came back in %d and %d, %v waited", a, b, waiting)
	}
	g.awaitWaiting(2)
}

// TestWarmProcessThatDies: it is replaced, the log says so, and no task hears of it.
func TestWarmProcessThatDies(t *testing.T) {
	g := newRig(t, host.Process)
	first := g.with("pid", config{}, warm(1), "0")
	g.start()
	g.awaitReady(first)
	for n := range 3 {
		pids := g.awaitWaiting(n + 1)
		if err := unix.Kill(pids[n], unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	waiting := g.awaitWaiting(4)
	h := g.with("pid", config{}, warm(1), "1")
	if pid := g.pid(h); pid != waiting[3] {
		t.Errorf("it runs in process %d, not in %d", pid, waiting[3])
	}
	if g.log.line("WARN", "ended while it waited", fmt.Sprint("pid=", waiting[0]), "killed by signal 9") == "" {
		t.Errorf("the log does not say so:\n%v", g.log)
	}
	if g.NumFailed() != 0 {
		t.Error("a task failed")
	}
}

// TestFrozenProcessGetsNoTask, whether it waits or others share it, until it goes on.
func TestFrozenProcessGetsNoTask(t *testing.T) {
	for name, set := range map[string]func(*host.Spec){
		"waiting": warm(1),
		"shared":  sharing,
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, host.Process, host.WithStartTimeout(patience))
			first := g.with("pid", config{}, set, "first")
			g.start()
			g.awaitReady(first)
			pid := g.pid(first)
			if name == "waiting" {
				pid = g.awaitWaiting(1)[0]
			}
			sendAndAwait(t, pid, unix.SIGSTOP, unix.WSTOPPED)
			other := g.with("pid", config{}, set, "other")
			g.awaitReady(other)
			if g.pid(other) == pid {
				t.Error("it runs in the frozen process")
			}
			sendAndAwait(t, pid, unix.SIGCONT, unix.WCONTINUED)
			next := g.with("pid", config{}, set, "next")
			if g.pid(next) != pid {
				t.Errorf("the next runs in %d, not in %d", g.pid(next), pid)
			}
			if err := g.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
			wantNoPlugins(t)
		})
	}
}

// sendAndAwait sends a child a signal, and waits until it is in that state.
func sendAndAwait(t *testing.T, pid int, sig unix.Signal, state int) {
	t.Helper()
	err := unix.Kill(pid, sig)
	if err == nil {
		err = unix.Waitid(unix.P_PID, pid, nil, state|unix.WNOWAIT, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestWarmProcessesOfAChangedPlugin: those that wait are renewed with it.
func TestWarmProcessesOfAChangedPlugin(t *testing.T) {
	s := newShelf(t, "guest")
	g := newRig(t, host.Process, host.WithCatalog(s.Catalog))
	h := g.with("guest/edition", config{}, warm(1), "1")
	g.start()
	g.awaitEdition(h.ID(), 1, "first after ")
	old := g.awaitWaiting(1)
	s.publish("second", "guest")
	if _, err := g.Reload(t.Context(), s.Catalog, "guest"); err != nil {
		t.Fatal(err)
	}
	g.awaitEdition(h.ID(), 2, "second after first")
	waiting := g.awaitWaiting(2)
	next := g.with("guest/edition", config{}, warm(1), "2")
	if pid := g.awaitEdition(next.ID(), 1, "second after "); int(pid) != waiting[1] {
		t.Errorf("it runs in %d, not in %d", pid, waiting[1])
	}
	g.awaitWaiting(3)
	if err := unix.Kill(old[0], 0); err == nil && slices.Contains(numbers(t, processes(t)), old[0]) {
		t.Errorf("process %d of the first edition still waits", old[0])
	}
}

func numbers(t *testing.T, texts []string) (all []int) {
	t.Helper()
	for _, text := range texts {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func TestSharedAndWarmRunsLeaveNothingBehind(t *testing.T) { leavesNothing(t, crowded) }

// crowded runs tasks that share, and others for which processes wait.
func crowded(t *testing.T) {
	t.Helper()
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly), host.WithStartTimeout(patience))
	both := func(s *host.Spec) { restarted(s); s.Warm, s.MaxTasks = 1, 4 }
	var all []*host.Handle
	for i := range 10 {
		all = append(all, g.with("pid", config{}, both, fmt.Sprint(i)))
		g.with([]string{"fail", "panic", "succeed", "refuse"}[i%4], config{Text: "x"}, both, fmt.Sprint("end-", i))
	}
	g.with("wait", config{}, warm(1))
	g.start()
	g.awaitReady(all...)
	if err := unix.Kill(g.pid(all[0]), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	g.pidOf(all[0], 2)
	_ = g.Stop(t.Context())
	<-g.events.ended
}
