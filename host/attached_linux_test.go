package host_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// TestAttached: tasks in an attached plugin are like others, all in its one process,
// which the end of a run leaves to the next.
func TestAttached(t *testing.T) {
	p := newGuest(t)
	for range 3 {
		g := p.rig(t, host.WithPolicy(host.LogOnly))
		first, second := g.begin("pid", config{}, named("first")), g.begin("pid", config{}, named("second"))
		good := g.begin("guest/succeed", config{Text: "from afar", N: 7})
		told := g.begin("report", config{Text: "as if near", N: 3})
		late := g.begin("late-result", config{Text: "kept"})
		ends := map[string]*host.Handle{"error": g.begin("fail", config{Text: "out of ink"}), "panic": g.begin("panic", config{Text: "boom"})}
		ends["launch-failed"] = g.begin("refuse", config{Text: "not today"})
		who := g.begin("who", config{})
		g.start()
		g.awaitReady(first, second, late)
		for _, h := range []*host.Handle{first, second} {
			if int(h.Progress().Done) != p.cmd.Process.Pid {
				t.Errorf("%s runs in process %d, not %d", h.ID(), h.Progress().Done, p.cmd.Process.Pid)
			}
		}
		for outcome, h := range ends {
			<-h.Done()
			if err := taskError(t, h); string(err.Outcome) != outcome || err.Mode != host.Process || (err.Stack != "") != (outcome == "panic") {
				t.Errorf("outcome %s: %v", err.Outcome, err)
			}
		}
		if result, err := host.Result[config](t.Context(), good); err != nil || result != (config{Text: "from afar", N: 7}) {
			t.Errorf("its result is %+v, %v", result, err)
		}
		if result, err := host.Result[[]any](t.Context(), who); err != nil || !slices.Equal(result, []any{"who", 1.0}) {
			t.Errorf("it is %v, %v", result, err)
		}
		<-told.Done()
		if g.log.line("WARN", "as if near", "plugin=guest", "task=report", "answer=42") == "" || told.Progress().Done != 3 {
			t.Errorf("its log is missing, or its progress: %+v", told.Progress())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		wantStates(t, host.StateStopped, first, second, late)
		if result, err := host.Result[config](t.Context(), late); err != nil || result.Text != "kept" {
			t.Errorf("the result after a stop is %+v, %v", result, err)
		}
	}
	if pids := children(t); !slices.Equal(pids, []string{strconv.Itoa(p.cmd.Process.Pid)}) {
		t.Errorf("its children are %v, the plugin %d", pids, p.cmd.Process.Pid)
	}
}

// TestAttachedAndDeaf: what does not stop is hung up on and abandoned, as it would be
// in this process; the plugin is there for the next.
func TestAttachedAndDeaf(t *testing.T) {
	p := newGuest(t)
	g := p.rig(t, host.WithGrace(300*time.Millisecond))
	deaf, polite := g.begin("deaf", config{For: forever}), g.begin("wait", config{})
	g.start()
	g.awaitReady(deaf, polite)
	began := time.Now()
	if err := g.Stop(t.Context()); !errors.Is(err, deaf.Err()) || deaf.Err() == nil {
		t.Errorf("Stop: %v", err)
	}
	wantTook(t, host.Process, began, 300*time.Millisecond, busy)
	wantStates(t, host.StateAbandoned, deaf)
	wantStates(t, host.StateStopped, polite)
	if err := taskError(t, deaf); err.Outcome != host.OutcomeStopTimeout || !strings.Contains(err.Error(), "its code still runs") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	<-g.events.ended
	p.wantServing(t)
	if line := g.log.line("has ended after all"); line != "" { // who hung up cannot know
		t.Error(line)
	}
}

// TestAttachedAndKilled: the plugin's death is the end of its tasks at once, not of
// others; and another attempt finds nobody.
func TestAttachedAndKilled(t *testing.T) {
	p := newGuest(t)
	own, err := p.catalog.With(kindNamed("near"))
	if err != nil {
		t.Fatal(err)
	}
	g := p.rig(t, host.WithCatalog(own), host.WithPolicy(host.LogOnly))
	lost, again := g.begin("wait", config{}), g.begin("pid", config{}, func(s *host.Spec) {
		s.Restart = soon
		s.Restart.Max = 1
	})
	near := g.begin("near", config{}, func(s *host.Spec) { s.Mode = host.Goroutine })
	g.start()
	g.awaitReady(lost, again, near)
	p.kill()
	<-lost.Done()
	<-again.Done()
	wantStates(t, host.StateFailed, lost, again)
	wantStates(t, host.StateRunning, near)
	if err := taskError(t, lost); err.Outcome != host.OutcomeLost || !errors.Is(err, wire.ErrLost) || err.ExitCode != -1 || !strings.Contains(err.Error(), p.address) {
		t.Errorf("outcome %s, exit code %d: %v", err.Outcome, err.ExitCode, err)
	}
	err2 := taskError(t, again)
	if err2.Outcome != host.OutcomeLost { // a plugin that is dying may still have let it in
		if err2.Outcome != host.OutcomeLaunchFailed || !strings.Contains(err2.Error(), "nobody serves there any more") {
			t.Errorf("outcome %s: %v", err2.Outcome, err2)
		}
	}
	if err2.Attempt != 2 || !errors.Is(err2, host.ErrRestartsSpent) {
		t.Errorf("attempt %d: %v", err2.Attempt, err2)
	}
}

// TestAttachedRestart: the next attempt begins with the checkpoint, in the same process.
func TestAttachedRestart(t *testing.T) {
	g := newGuest(t).rig(t)
	h := g.begin("count-up", config{N: 4, Text: "again"}, func(s *host.Spec) { s.Restart = soon })
	if err := g.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := host.Result[int](t.Context(), h); n != 4 || err != nil || h.Attempts() != 4 {
		t.Errorf("%d, %v after %d attempts", n, err, h.Attempts())
	}
}

// TestAttachedAndFrozen: as a debugger holds a plugin. The watchdog finds out, nothing
// waits for longer than the grace, and when it goes on it is there for the next.
func TestAttachedAndFrozen(t *testing.T) {
	p := newGuest(t)
	g := p.rig(t, host.WithGrace(200*time.Millisecond), host.WithPolicy(host.LogOnly))
	watched := g.begin("wait", config{}, func(s *host.Spec) { s.Watchdog = time.Second })
	other := g.begin("pid", config{})
	g.start()
	g.awaitReady(watched, other)
	freeze(t, p.cmd.Process.Pid)
	<-watched.Done()
	wantStates(t, host.StateAbandoned, watched)
	if err := taskError(t, watched); err.Outcome != host.OutcomeUnresponsive || !strings.Contains(err.Error(), "nor does its plugin answer") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	began := time.Now()
	late, err := g.Add(host.Spec{ID: "late", Kind: "wait"}) // which nobody answers
	if err != nil {
		t.Fatal(err)
	}
	g.awaitState(late, host.StateStarting)
	_ = g.Stop(t.Context())
	wantTook(t, host.Process, began, 200*time.Millisecond, busy)
	wantStates(t, host.StateAbandoned, other)
	if s := late.State(); s != host.StateAbandoned && s != host.StateStopped { // the plugin may not have heard of it
		t.Errorf("late is %v", s)
	}
	if err := unix.Kill(p.cmd.Process.Pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	<-g.events.ended
	p.wantServing(t)
}

// TestAttachedStartTimeout: a task that is not made in time fails, and the plugin is
// none the worse.
func TestAttachedStartTimeout(t *testing.T) {
	p := newGuest(t)
	g := p.rig(t, host.WithStartTimeout(300*time.Millisecond), host.WithPolicy(host.LogOnly))
	slow, good := g.begin("make-slowly", config{For: forever}), g.begin("wait", config{})
	g.start()
	g.awaitReady(good)
	<-slow.Done()
	wantStates(t, host.StateFailed, slow)
	if err := taskError(t, slow); err.Outcome != host.OutcomeLaunchFailed || !strings.Contains(err.Error(), "start timeout of 300ms") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	p.wantServing(t)
}

// TestAttachedStopWhileATaskIsBeingMade: it is abandoned when the grace ends.
func TestAttachedStopWhileATaskIsBeingMade(t *testing.T) {
	making, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer making.Close()
	p := newGuest(t)
	g := p.rig(t, host.WithGrace(300*time.Millisecond))
	slow := g.begin("make-slowly", config{For: forever, Text: making.Addr().String()})
	g.start()
	if _, err := making.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := g.Stop(t.Context()); err == nil {
		t.Error("no failure")
	}
	wantStates(t, host.StateAbandoned, slow)
	p.wantServing(t)
}

// A hundred runs that are stopped at once leave no task in the plugin.
func TestAttachedStopRightAfterStart(t *testing.T) {
	p := newGuest(t)
	for range 100 {
		g := p.rig(t)
		h := g.begin("wait", config{})
		g.start()
		if err := g.Stop(t.Context()); err != nil {
			t.Fatalf("Stop: %v", err)
		}
		if s := h.State(); s != host.StateStopped {
			t.Fatalf("it is %v", s)
		}
	}
	if err := p.cmd.Process.Signal(unix.SIGTERM); err != nil { // it waits for the tasks that it has
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the plugin ended with %v", err)
	}
}

// TestAttachedRefuses what can only be had in a process that the host starts, or in
// its own.
func TestAttachedRefuses(t *testing.T) {
	p := newGuest(t)
	g := p.rig(t)
	for want, change := range map[string]func(*host.Spec){
		"an environment and limits are for a process that the host starts": func(s *host.Spec) { s.Env.FromHost = []string{"HOME"} },
		"attached at " + p.address:                      func(s *host.Spec) { s.Limits.OpenFiles = 20 },
		"are for processes that the host starts":        func(s *host.Spec) { s.Warm = 1 },
		"a plugin's kind runs in process mode only":     func(s *host.Spec) { s.Mode = host.Async },
		`config of kind "wait": unknown field "colour"`: func(s *host.Spec) { s.Config = map[string]any{"colour": "red"} },
		`config of kind "wait": "n" is "x": expected a`: func(s *host.Spec) { s.Config = map[string]any{"n": "x"} },
	} {
		s := host.Spec{ID: "a", Kind: "wait"}
		change(&s)
		if _, err := g.Add(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := g.Add(host.Spec{ID: "a", Kind: "guest/nothing-such"}); err == nil {
		t.Error("an unknown kind is added")
	}
}

// kindNamed is a kind of this program that waits.
func kindNamed(name string) task.Kind {
	return task.NewKind(name, func(c config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) { return wait(ctx, c) }), nil
	})
}
