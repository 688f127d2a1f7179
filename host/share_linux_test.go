package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// sharing has a task share its process.
func sharing(s *host.Spec) { s.Share = host.SharePlugin }

// restarted has one that is restarted, too.
func restarted(s *host.Spec) { sharing(s); s.Restart = soon }

// pid is the process of a task of the kind "pid" in its first attempt.
func (g *rig) pid(h *host.Handle) int {
	g.t.Helper()
	return g.pidOf(h, 1)
}

// processes are the plugins of this process.
func processes(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(children(t), func(pid string) bool {
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		return bytes.HasPrefix(line, []byte("hostelry-keeper"))
	})
}

// TestSharedProcess: tasks in one process end as they would in one of their own.
func TestSharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	first, second := g.with("pid", config{}, sharing, "1"), g.with("pid", config{}, sharing, "2")
	alone := g.add("pid", config{}, "alone")
	late := g.with("late-result", config{Text: "kept"}, sharing)
	ends := map[string]*host.Handle{
		"error":         g.with("fail", config{Text: "out of ink"}, sharing),
		"panic":         g.with("panic", config{Text: "boom"}, sharing),
		"launch-failed": g.with("refuse", config{Text: "not today"}, sharing),
	}
	good := g.with("succeed", config{Text: "fine", N: 7}, sharing)
	told := g.with("report", config{Text: "in a crowd", N: 3}, sharing)
	again := g.with("count-up", config{N: 4, Text: "again"}, restarted)
	who := g.with("who", config{}, sharing)
	g.start()
	g.awaitReady(first, second, alone, late)
	if a, b, c := g.pid(first), g.pid(second), g.pid(alone); a != b || a == c {
		t.Errorf("they run in the processes %d, %d, and %d alone", a, b, c)
	}
	for outcome, h := range ends {
		<-h.Done()
		if err := taskError(t, h); string(err.Outcome) != outcome || err.ExitCode != -1 || (err.Stack != "") != (outcome == "panic") {
			t.Errorf("outcome %s: %v", err.Outcome, err)
		}
	}
	if result, err := host.Result[config](t.Context(), good); err != nil || result != (config{Text: "fine", N: 7}) {
		t.Errorf("its result is %+v, %v", result, err)
	}
	if n, err := host.Result[int](t.Context(), again); n != 4 || err != nil || again.Attempts() != 4 {
		t.Errorf("%d, %v after %d attempts", n, err, again.Attempts())
	}
	if result, err := host.Result[[]any](t.Context(), who); err != nil || !slices.Equal(result, []any{"who", 1.0}) {
		t.Errorf("it is %v, %v", result, err)
	}
	<-told.Done()
	if g.log.line("WARN", "in a crowd", "task=report", "answer=42") == "" || told.Progress().Done != 3 {
		t.Errorf("its log is missing, or its progress: %+v", told.Progress())
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	wantStates(t, host.StateStopped, first)
	wantStates(t, host.StateRunning, second, alone, late)
	if err := unix.Kill(g.pid(second), 0); err != nil {
		t.Errorf("the process of the second: %v", err)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if result, err := host.Result[config](t.Context(), late); err != nil || result.Text != "kept" {
		t.Errorf("the result after a stop is %+v, %v", result, err)
	}
	<-g.events.ended
	wantNoPlugins(t)
}

// TestDeathOfASharedProcess: it is the death of all who are in it, and of no others;
// then each follows its own policy, together with the others again.
func TestDeathOfASharedProcess(t *testing.T) {
	for outcome, kill := range map[host.Outcome]func(g *rig, victim *host.Handle) error{
		host.OutcomeSignalled: func(g *rig, victim *host.Handle) error { return unix.Kill(g.pid(victim), unix.SIGKILL) },
		host.OutcomeExited: func(g *rig, _ *host.Handle) error {
			_, err := g.Add(host.Spec{ID: "exit", Kind: "exit", Config: config{N: 3, Text: "bye"}, Share: host.SharePlugin, Env: g.spec("exit", config{}).Env})
			return err
		},
	} {
		t.Run(string(outcome), func(t *testing.T) {
			g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
			lost, alone := g.with("pid", config{}, sharing, "lost"), g.add("pid", config{}, "alone")
			var again []*host.Handle
			for i := range 5 {
				again = append(again, g.with("pid", config{}, restarted, fmt.Sprint("again-", i)))
			}
			g.start()
			g.awaitReady(append(again, lost, alone)...)
			if err := kill(g, lost); err != nil {
				t.Fatal(err)
			}
			<-lost.Done()
			err := taskError(t, lost)
			if err.Outcome != outcome || !errors.Is(err, wire.ErrLost) || (err.ExitCode == 3) != (outcome == host.OutcomeExited) {
				t.Errorf("outcome %s, exit code %d: %v", err.Outcome, err.ExitCode, err)
			}
			pids := make(map[int]bool)
			for _, h := range again {
				pids[g.pidOf(h, 2)] = true
			}
			if len(pids) != 1 || pids[g.pid(lost)] {
				t.Errorf("they came back in the processes %v, after %d", pids, g.pid(lost))
			}
			wantStates(t, host.StateRunning, append(again, alone)...)
			if err := g.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
	}
}

// TestMaxTasks: further processes are started as those before are full, and end with
// the last of their tasks.
func TestMaxTasks(t *testing.T) {
	g := newRig(t, host.Process)
	var all []*host.Handle
	for i := range 10 {
		all = append(all, g.with("pid", config{}, func(s *host.Spec) { sharing(s); s.MaxTasks = 4 }, fmt.Sprint(i)))
	}
	other := g.with("pid", config{}, func(s *host.Spec) {
		sharing(s)
		s.MaxTasks = 4
		s.Env.Set = map[string]string{"OTHER": "1"}
	}, "other")
	g.start()
	g.awaitReady(append(all, other)...)
	in := make(map[int][]*host.Handle)
	for _, h := range append(all, other) {
		in[g.pid(h)] = append(in[g.pid(h)], h)
	}
	if n := len(processes(t)); len(in) != 4 || n != 4 || len(in[g.pid(other)]) != 1 {
		t.Fatalf("they run in %d processes of %d: %v", len(in), n, in)
	}
	for pid, handles := range in {
		if len(handles) > 4 {
			t.Errorf("%d tasks in process %d", len(handles), pid)
		}
		if len(handles) != 4 {
			continue
		}
		for _, h := range handles { // one after the other
			if err := h.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := unix.Kill(pid, 0); !errors.Is(err, unix.ESRCH) {
			t.Errorf("process %d after the end of its last task: %v", pid, err)
		}
	}
	if n := len(processes(t)); n != 2 {
		t.Errorf("%d processes are left", n)
	}
}

// TestSecretsInASharedProcess: what is printed there shows nobody's secret.
func TestSecretsInASharedProcess(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	for i, how := range []string{"print", "log", "fail"} {
		s := g.spec("guarded", config{}, how)
		s.Config = map[string]any{"token": fmt.Sprint("s3cret-token-", i), "how": how}
		s.Share = host.SharePlugin
		if _, err := g.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	_ = g.Run(t.Context())
	for _, text := range []string{g.log.String(), g.events.String()} {
		if strings.Contains(text, "s3cret-token") || !strings.Contains(text, "***") {
			t.Errorf("it shows a secret, or no mask:\n%s", text)
		}
	}
	if g.log.line("stream=stdout", "pid=") == "" && g.log.line("stream=stderr", "pid=") == "" {
		t.Errorf("no line of the process has its pid:\n%v", g.log)
	}
}

// TestStopRightAfterStartOfShared: nothing is left of launches that many wait for.
func TestStopRightAfterStartOfShared(t *testing.T) {
	for range 10 {
		g := newRig(t, host.Process)
		var all []*host.Handle
		for i := range 10 {
			all = append(all, g.with("wait", config{}, sharing, fmt.Sprint(i)))
		}
		g.start()
		_ = all[0].Stop(t.Context()) // the others wait on
		if err := g.Stop(t.Context()); err != nil {
			t.Fatalf("Stop: %v", err)
		}
		wantStates(t, host.StateStopped, all...)
		wantNoPlugins(t)
	}
}

// TestSharedProcessThatDoesNotStart fails all who wait for it.
func TestSharedProcessThatDoesNotStart(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly), host.WithStartTimeout(50*time.Microsecond))
	var all []*host.Handle
	for i := range 5 {
		all = append(all, g.with("wait", config{}, sharing, fmt.Sprint(i)))
	}
	_ = g.Run(t.Context())
	for _, h := range all {
		if err := taskError(t, h); err.Outcome != host.OutcomeLaunchFailed || !strings.Contains(err.Error(), "start timeout of 50µs") {
			t.Errorf("outcome %s: %v", err.Outcome, err)
		}
	}
	wantNoPlugins(t)
}
