package integration_test

// Linux: the test finds the processes of another program, and waits for their end,
// by /proc and pidfds.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// afterlife is how long plugins may live after their host.
const afterlife = 2 * time.Second

// startEmbedder starts a host with five tasks and returns it when all run.
func startEmbedder(t *testing.T, dir string, tasks []job) *exec.Cmd {
	t.Helper()
	input, err := json.Marshal(embedding{Plugins: dir, Cache: cacheDir(), Tasks: tasks})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleKey+"=embedder")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the host printed %q, %v", line, err)
	}
	return cmd
}

// fiveOf are five tasks of a kind, with the configs in turn.
func fiveOf(kind string, configs ...fields) []job {
	var tasks []job
	for i := range 5 {
		tasks = append(tasks, job{ID: string(rune('a' + i)), Kind: kind, Config: configs[i%len(configs)]})
	}
	return tasks
}

// pluginsOf are the processes of a host that are not its keeper.
func pluginsOf(t *testing.T, pid int) []int {
	t.Helper()
	var plugins []int
	for _, child := range descendants(t, pid) {
		if !strings.HasPrefix(commandLine(child), "hostelry-keeper") {
			plugins = append(plugins, child)
		}
	}
	return plugins
}

func TestKilledHostLeavesNoPluginBehind(t *testing.T) {
	dir := pluginDir(t, "tick", "misbehave")
	for name, tasks := range map[string][]job{
		"well-behaved": fiveOf("tick", fields{"interval": "10ms"}),
		"hostile": fiveOf("misbehave", fields{"how": "hang"}, fields{"how": "ignore-stop"}, fields{"how": "busy"},
			fields{"how": "flood"}, fields{"how": "slow-stop", "lasts": "1h"}),
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			h := startEmbedder(t, dir, tasks)
			plugins := pluginsOf(t, h.Process.Pid)
			if len(plugins) != 5 {
				t.Fatalf("the host has %d plugins, want 5", len(plugins))
			}
			keepers := watchProcesses(t, descendants(t, h.Process.Pid)...)
			watched := watchProcesses(t, plugins...)
			if err := h.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			watched.awaitEnd(t, afterlife)
			keepers.awaitEnd(t, 10*time.Second)
		})
	}
}

// Processes that wait, and those that tasks share, end with their host as others do,
// frozen or not.
func TestKilledHostLeavesNoWaitingPluginBehind(t *testing.T) {
	for name, frozen := range map[string]bool{"running": false, "frozen": true} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			tasks := fiveOf("tick", fields{"interval": "10ms"})
			for i := range tasks {
				tasks[i].Share, tasks[i].Warm = "plugin", 3
			}
			h := startEmbedder(t, pluginDir(t, "tick"), tasks)
			plugins := pluginsOf(t, h.Process.Pid)
			for deadline := time.Now().Add(time.Minute); len(plugins) != 4; plugins = pluginsOf(t, h.Process.Pid) {
				if time.Now().After(deadline) {
					t.Fatalf("the host has %d plugins, want one and three that wait", len(plugins))
				}
			}
			all := watchProcesses(t, descendants(t, h.Process.Pid)...)
			watched := watchProcesses(t, plugins...)
			for _, pid := range plugins {
				if !frozen {
					continue
				}
				if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			watched.awaitEnd(t, afterlife)
			all.awaitEnd(t, 10*time.Second)
		})
	}
}

// A plugin that is frozen when its host dies cannot end by itself.
func TestKilledHostLeavesNoFrozenPluginBehind(t *testing.T) {
	leavesNothing(t)
	h := startEmbedder(t, pluginDir(t, "tick"), fiveOf("tick", fields{"interval": "10ms"}))
	all := descendants(t, h.Process.Pid)
	plugins := pluginsOf(t, h.Process.Pid)
	watched := watchProcesses(t, plugins...)
	keepers := watchProcesses(t, all...)
	for _, pid := range plugins {
		if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	watched.awaitEnd(t, afterlife)
	keepers.awaitEnd(t, 10*time.Second)
}
