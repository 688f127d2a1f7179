package rlimit

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const supported = true

func set(l Limits) error {
	for _, r := range []struct {
		name      string
		resource  int
		soft, add uint64
	}{
		// Data and not the address space, of which runtimes reserve much more
		// than they use.
		{"memory", unix.RLIMIT_DATA, l.Memory, 0},
		{"processes", unix.RLIMIT_NPROC, l.Processes, 0},
		{"open files", unix.RLIMIT_NOFILE, l.OpenFiles, 0},
		// At the soft limit comes a signal that a runtime may ignore, a second
		// later the one that it cannot.
		{"CPU time", unix.RLIMIT_CPU, uint64(l.CPU / time.Second), 1},
	} {
		if r.soft == 0 {
			continue
		}
		// Through syscall, which then does not undo it at the exec.
		if err := syscall.Setrlimit(r.resource, &syscall.Rlimit{Cur: r.soft, Max: r.soft + r.add}); err != nil {
			return fmt.Errorf("limit %s to %d: %w", r.name, r.soft, err)
		}
	}
	return nil
}

func execute(path string, args, env []string) error { return syscall.Exec(path, args, env) }
