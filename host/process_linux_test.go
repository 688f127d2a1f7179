package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestKilledPluginIsReportedAndTheOtherRunsOn(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	victim, other := g.add("pid", config{}, "1"), g.add("pid", config{}, "2")
	g.start()
	g.awaitReady(victim, other)
	if err := unix.Kill(int(victim.Progress().Done), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-victim.Done()
	wantStates(t, host.StateFailed, victim)
	wantStates(t, host.StateRunning, other)
	err := taskError(t, victim)
	if err.Outcome != host.OutcomeSignalled || err.Signal != "killed" || err.ExitCode != -1 || !errors.Is(err, wire.ErrLost) {
		t.Errorf("outcome %s, signal %q, exit code %d: %v", err.Outcome, err.Signal, err.ExitCode, err)
	}
	if err := unix.Kill(int(other.Progress().Done), 0); err != nil {
		t.Errorf("the other process: %v", err)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	wantStates(t, host.StateStopped, other)
	if err := g.Wait(t.Context()); err != victim.Err() {
		t.Errorf("Wait: %v, want %v itself", err, victim.Err())
	}
	wantNoPlugins(t)
}

// A frozen plugin does not hear the request to stop; it is killed all the same.
func TestFrozenPluginIsKilledWhenTheGraceEnds(t *testing.T) {
	g := newRig(t, host.Process, host.WithGrace(time.Second))
	frozen, good := g.add("pid", config{}), g.add("wait", config{})
	g.start()
	g.awaitReady(frozen, good)
	freeze(t, int(frozen.Progress().Done))
	began := time.Now()
	_ = g.Stop(t.Context())
	wantTook(t, host.Process, began, time.Second, busy)
	wantInsisted(t, host.Process, frozen)
	wantStates(t, host.StateStopped, good)
	wantNoPlugins(t)
}

// freeze stops a child, and returns once all of its threads stand still.
func freeze(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitFrozen(t, pid)
}

// awaitFrozen returns once all threads of a child stand still.
func awaitFrozen(t *testing.T, pid int) {
	t.Helper()
	var err error = unix.EINTR
	for err == unix.EINTR {
		err = unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// resources are what a run must give back.
type resources struct{ goroutines, descriptors, children, temporary int }

func measure(t *testing.T, dir string) resources {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return resources{runtime.NumGoroutine(), len(fds), len(children(t)), len(left)}
}

// settle measures until it gets want: the last goroutines and descriptors of a run
// that is over may need a moment of the processor to be gone, and no more.
func settle(t *testing.T, dir string, want resources) resources {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		if got := measure(t, dir); got == want || time.Now().After(deadline) {
			return got
		}
	}
}

func TestTenRunsInARowLeaveNothingBehind(t *testing.T) { leavesNothing(t, everything) }

// leavesNothing runs a run ten times, after a first, which makes what a process keeps: the
// poller, the first threads.
func leavesNothing(t *testing.T, run func(*testing.T)) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "host") //nolint:usetesting // t.TempDir is too long for the sockets in it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t.Setenv("TMPDIR", dir)
	run(t)
	runtime.GC()
	before := measure(t, dir)
	for settled := settle(t, dir, before); settled != before; settled = settle(t, dir, before) {
		before = settled // the first measure came too early
	}
	if before.children != 0 || before.temporary != 0 {
		t.Fatalf("after the first run there are %+v", before)
	}
	for i := range 10 {
		run(t)
		if after := settle(t, dir, before); after != before {
			stacks := make([]byte, 1<<20)
			t.Fatalf("after run %d there are %+v, before %+v\n%s\n%s", i, after, before,
				openFiles(t), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// everything runs tasks in all modes that end in every way.
func everything(t *testing.T) {
	t.Helper()
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	running := []*host.Handle{g.add("deaf", config{For: forever}), g.add("pid", config{})}
	ending := []*host.Handle{g.add("exit", config{N: 3}), running[1]}
	for _, m := range host.Modes() {
		for _, kind := range []string{"succeed", "fail", "panic", "goexit", "refuse", "stop-slowly", "wait"} {
			g.mode = m
			h := g.add(kind, config{Text: "x"}, m.String())
			if kind == "wait" || kind == "stop-slowly" {
				running = append(running, h)
			} else {
				ending = append(ending, h)
			}
		}
	}
	g.start()
	g.awaitReady(running...)
	if err := unix.Kill(int(running[1].Progress().Done), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, h := range ending {
		<-h.Done()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_ = running[0].Stop(ctx)
	_ = g.Stop(t.Context())
	<-g.events.ended
	if n := g.NumFailed(); n != 3*4+3 {
		t.Errorf("%d tasks failed, want %d", n, 3*4+3)
	}
}

func openFiles(t *testing.T) string {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, link := range links {
		name, _ := os.Readlink(link)
		names = append(names, filepath.Base(link)+" "+name)
	}
	return strings.Join(names, "\n")
}

// With certificates a task runs as ever, and its plugin was given the host's.
func TestTLS(t *testing.T) {
	for _, with := range []bool{false, true} {
		opts := []host.Option{host.WithTLS()}
		if !with {
			opts = nil
		}
		g := newRig(t, host.Process, opts...)
		h := g.add("pid", config{})
		g.start()
		g.awaitReady(h)
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", h.Progress().Done))
		if err != nil || strings.Contains(string(environ), wire.ClientCertKey+"=") != with {
			t.Errorf("with certificates %t: %q, %v", with, environ, err)
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, h)
	}
}
