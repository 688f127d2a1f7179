package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// familyRows are plugins that start processes, or change their own place among
// them.
var familyRows = []row{
	{name: "exits while a grandchild holds its pipes", how: running(func() { spawn("grandchild", nil); os.Exit(9) }), want: exits(9)},
	{name: "exits while a grandchild in another session holds its pipes", how: running(func() { spawn("grandchild", ownSession()); os.Exit(9) }),
		left: true, want: exits(9)},
	{name: "leaves a grandchild that ignores signals", how: inTask(func(context.Context) (any, error) { spawn("grandchild", nil); return 1, nil }),
		want: succeeds().returns(`1`)},
	{name: "leaves a frozen grandchild", how: inTask(func(context.Context) (any, error) {
		kill(spawn("grandchild", nil).Pid, syscall.SIGSTOP)
		return 1, nil
	}), want: succeeds()},
	{name: "leaves fifty grandchildren", how: inTask(fiftyGrandchildren), want: succeeds()},
	{name: "ignores the stop, with grandchildren", how: inTask(func(ctx context.Context) (any, error) {
		if _, err := fiftyGrandchildren(ctx); err != nil {
			return nil, err
		}
		task.Ready(ctx)
		forever()
		return nil, nil
	}), stop: true, want: overGrace()},
	{name: "forks and exits before its handshake", how: func() { spawn("grandchild", nil); os.Exit(0) },
		want: launchFails("ended before its handshake with exit status 0").exit(0)},
	{name: "forks into a session and exits before its handshake", how: func() { spawn("grandchild", ownSession()); os.Exit(0) },
		left: true, want: launchFails("ended before its handshake with exit status 0").exit(0)},
	{name: "forks and exits while running", how: running(func() { spawn("grandchild", nil); os.Exit(0) }), want: exits(0)},
	{name: "forks into a session and exits while running", how: running(func() { spawn("grandchild", ownSession()); os.Exit(0) }),
		left: true, want: exits(0)},
	{name: "is killed with a grandchild", how: running(func() { spawn("grandchild", nil); killSelf(syscall.SIGKILL) }), want: killed()},
	{name: "is killed while a grandchild in another session holds its connection", how: func() { spawn("usurper", nil); forever() },
		left: true, want: killed()},
	{name: "leaves its process group", how: inTask(func(ctx context.Context) (any, error) {
		if err := syscall.Setpgid(0, syscall.Getpgrp()); err != nil { // a leader may name its own group
			return nil, err
		}
		group, err := syscall.Getpgid(os.Getppid())
		if err != nil {
			return nil, err
		}
		if err := syscall.Setpgid(0, group); err != nil {
			return nil, err
		}
		task.Ready(ctx)
		forever()
		return nil, nil
	}), stop: true, want: overGrace()},
	{name: "looks for the host's secrets", how: inTask(func(context.Context) (any, error) { return strangeEnv(), nil }), want: succeeds().returns(`[]`)},
	{name: "looks for the host's descriptors", how: inTask(func(context.Context) (any, error) { return inherited(), nil }), want: succeeds().returns(`[]`)},
	{name: "ends with a message and a code", how: running(func() { fmt.Fprint(os.Stderr, "disk full"); os.Exit(74) }), want: exits(74).stderrHas("disk full")},
	{name: "reports a failure", how: inTask(func(context.Context) (any, error) { return nil, fmt.Errorf("no such user") }),
		want: fails(host.OutcomeError, "no such user")},
}

func fiftyGrandchildren(context.Context) (any, error) {
	for range 50 {
		if err := exec.Command("sleep", "1000").Start(); err != nil {
			return nil, err
		}
	}
	return 1, nil
}

// strangeEnv is what the plugin has in its environment and should not.
func strangeEnv() []string {
	strange := []string{}
	for _, entry := range initialEnv() {
		name, _, _ := strings.Cut(entry, "=")
		allowed := []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG", "LANGUAGE", howKey, markKey, "GORACE"}
		if !slices.Contains(allowed, name) && !strings.HasPrefix(name, "LC_") &&
			!strings.HasPrefix(name, "HOSTELRY_") && !strings.HasPrefix(name, "PLUGIN_") ||
			strings.Contains(entry, "CERTIFICATE") || strings.Contains(entry, "nowhere") {
			strange = append(strange, entry)
		}
	}
	return strange
}

// initialEnv is the environment that the process was started with: package plugin
// unsets some of it.
func initialEnv() []string {
	raw, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return []string{err.Error()}
	}
	return strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00")
}

// inherited is what the plugin found open at its start but its three streams: it
// asks a child of its own, which inherits what is not closed on exec.
func inherited() []string {
	cmd := exec.Command("sh", "-c", "ls -l /proc/self/fd")
	out, err := cmd.Output()
	if err != nil {
		return []string{err.Error()}
	}
	strange := []string{}
	for line := range strings.Lines(string(out)) {
		if _, link, ok := strings.Cut(line, " -> "); ok && !strings.HasPrefix(link, "/proc/") && !strings.HasPrefix(link, "/dev/null") && !strings.HasPrefix(link, "pipe:") {
			strange = append(strange, link)
		}
	}
	return strange
}
