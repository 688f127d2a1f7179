package rlimit

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const supported = true

// program is this program, also when another one, or none, is where it was found.
const program = "/proc/self/exe"

func closeOnExec(fd uintptr) { unix.CloseOnExec(int(fd)) }

// resource is one of the system's limits.
type resource struct {
	name      string
	number    int
	soft, add uint64 // 0 sets none; what the hard limit has more
}

func (l Limits) resources() []resource {
	return []resource{
		// Data and not the address space, of which runtimes reserve much more
		// than they use.
		{"memory", unix.RLIMIT_DATA, l.Memory, 0},
		{"processes", unix.RLIMIT_NPROC, l.Processes, 0},
		{"open files", unix.RLIMIT_NOFILE, l.OpenFiles, 0},
		// At the soft limit comes a signal that a runtime may ignore, a second
		// later the one that it cannot.
		{"CPU time", unix.RLIMIT_CPU, uint64(l.CPU / time.Second), 1},
	}
}

// checkHard refuses what is beyond this process's own hard limits, which it may not be
// able to raise.
func (l Limits) checkHard() error {
	for _, r := range l.resources() {
		var own syscall.Rlimit
		if err := syscall.Getrlimit(r.number, &own); err != nil {
			return fmt.Errorf("the host's own limit on %s: %w", r.name, err)
		}
		if r.soft > 0 && (r.soft > own.Max || r.add > own.Max-r.soft) {
			return fmt.Errorf("a limit on %s of %d is beyond the host's own hard limit, %d: ask for less, or raise that first, by ulimit or in the host's unit",
				r.name, r.soft, own.Max)
		}
	}
	return nil
}

func set(l Limits) error {
	for _, r := range l.resources() {
		if r.soft == 0 {
			continue
		}
		// Through syscall, which then does not undo it at the exec.
		if err := syscall.Setrlimit(r.number, &syscall.Rlimit{Cur: r.soft, Max: r.soft + r.add}); err != nil {
			return fmt.Errorf("limit %s to %d: %w", r.name, r.soft, err)
		}
	}
	return nil
}

// execute tries again while the file is still open for writing somewhere, as who starts it
// without limits does. The host, whose start timeout bounds it, kills this process then.
func execute(path string, args, env []string) error {
	for {
		err := syscall.Exec(path, args, env)
		if err != syscall.ETXTBSY {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}
