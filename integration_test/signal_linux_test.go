package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const fiveTicks = `
tasks:
  one: {kind: tick, config: {interval: 10ms, cleanup: one}}
  two: {kind: tick, config: {interval: 10ms, cleanup: two}}
  three: {kind: tick, config: {interval: 10ms, cleanup: three}}
  four: {kind: tick, config: {interval: 10ms, cleanup: four}}
  five: {kind: tick, config: {interval: 10ms, cleanup: five}}
mode: process
`

func TestSignalLetsTheTasksCleanUp(t *testing.T) {
	plugins := pluginDir(t, "tick")
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			leavesNothing(t)
			job := jobFile(t, fiveTicks)
			c := hostelry(t, "run", job, "--plugins", plugins, "--output", "json")
			c.until(5, ready)
			watched := watchProcesses(t, descendants(t, c.Process.Pid)...)
			_ = c.Process.Signal(signal)
			status, summary := c.finish()
			if status != want || summary.ExitCode != want || summary.Status != "stopped" {
				t.Errorf("status %d, summary %+v; want %d", status, summary, want)
			}
			for _, task := range summary.Tasks {
				trace, err := os.ReadFile(filepath.Join(filepath.Dir(job), task.ID))
				if err != nil || !strings.HasPrefix(string(trace), "stopped after ") || task.State != "stopped" {
					t.Errorf("%s is %s, its trace %q, %v", task.ID, task.State, trace, err)
				}
			}
			watched.awaitEnd(t, 0)
		})
	}
}

func TestSecondSignalKills(t *testing.T) {
	leavesNothing(t)
	job := jobFile(t, `
tasks:
  deaf: {kind: misbehave, config: {how: ignore-stop}}
  hung: {kind: misbehave, config: {how: hang}}
  fine: {kind: tick}
mode: process
grace: 1h
`)
	c := hostelry(t, "run", job, "--plugins", pluginDir(t, "misbehave", "tick"), "--output", "json")
	c.until(2, func(l line) bool { return l.Type == "log" && l.Message == "misbehaving from now on" })
	watched := watchProcesses(t, descendants(t, c.Process.Pid)...)
	_ = c.Process.Signal(syscall.SIGINT)
	c.stderr.await(t, "a second signal kills them")
	c.until(1, func(l line) bool { return l.Type == "state" && l.State == "stopped" }) // the fine one
	began := time.Now()
	_ = c.Process.Signal(syscall.SIGINT)
	status, summary := c.finish()
	if took := time.Since(began); status != 130 || took > 10*time.Second {
		t.Errorf("status %d after %v, summary %+v", status, took, summary)
	}
	for _, task := range summary.Tasks {
		want := map[string]string{"fine": "stopped"}[task.ID]
		if want == "" {
			want = "failed"
		}
		if task.State != want || want == "failed" && task.Error.Outcome != "stop-timeout" {
			t.Errorf("%s is %s, %+v; want %s", task.ID, task.State, task.Error, want)
		}
	}
	watched.awaitEnd(t, time.Second)
}

// A host that dies takes everything along: plugins, the processes that they
// started, and those of the built-in kind exec in every mode.
func TestKilledCommandLeavesNothingBehind(t *testing.T) {
	leavesNothing(t)
	job := jobFile(t, `
tasks:
  clock: {kind: tick, config: {interval: 10ms}}
  deaf: {kind: misbehave, config: {how: ignore-stop}}
  busy: {kind: misbehave, config: {how: busy}}
  leak: {kind: misbehave, config: {how: leak-grandchild}}
  shell: {kind: exec, config: {command: [sh, -c, 'sleep 1000 & echo up; sleep 1000']}}
  shell-in-host: {kind: exec, mode: goroutine, config: {command: [sh, -c, 'sleep 1000 & echo up; sleep 1000']}}
  shell-on-loop: {kind: exec, mode: async, config: {command: [sh, -c, 'sleep 1000 & echo up; sleep 1000']}}
mode: process
`)
	c := hostelry(t, "run", job, "--plugins", pluginDir(t, "misbehave", "tick"), "--output", "json")
	seen := make(map[string]bool)
	c.until(7, func(l line) bool {
		event := l.Task + " " + l.Type
		first := !seen[event]
		seen[event] = true
		return first && (l.Type == "log" && l.Task != "clock" || l.Type == "progress")
	})
	all := descendants(t, c.Process.Pid)
	if len(all) < 4+3*3 { // three plugins and a keeper, and a shell with two sleeps in each mode
		t.Fatalf("the command has %d processes", len(all))
	}
	var others []int
	for _, pid := range all {
		if !strings.HasPrefix(commandLine(pid), "hostelry-keeper") {
			others = append(others, pid)
		}
	}
	keeper := watchProcesses(t, all...)
	watched := watchProcesses(t, others...)
	_ = c.Process.Kill()
	watched.awaitEnd(t, afterlife)
	keeper.awaitEnd(t, 10*time.Second)
}
