package host

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/rlimit"
)

// Limits bound what a process task may use. They are the system's resource limits,
// for each process of the task; 0 sets none. [Runner.Add] refuses those that
// cannot be enforced: all of them on systems other than Linux, and Processes for
// root, whom the system does not count.
type Limits struct {
	// Memory is how many bytes of data a process may reserve. It counts what is
	// reserved, not what is used: a plugin in Go needs some 200 MB to begin with.
	Memory int64
	// Processes is how many processes and threads the host's user may run, those
	// outside of the task included.
	Processes int
	// OpenFiles is how many files, sockets and pipes a process may hold open.
	OpenFiles int
	// CPU is how long a process may compute, in whole seconds.
	CPU time.Duration
}

// String names the limits that are set.
func (l Limits) String() string {
	var set []string
	add := func(on bool, format string, value any) {
		if on {
			set = append(set, fmt.Sprintf(format, value))
		}
	}
	add(l.Memory > 0, "memory %d MiB", l.Memory>>20)
	add(l.Processes > 0, "processes %d", l.Processes)
	add(l.OpenFiles > 0, "open files %d", l.OpenFiles)
	add(l.CPU > 0, "CPU time %v", l.CPU)
	return strings.Join(set, ", ")
}

// Validate refuses limits that are not positive or cannot be enforced here. Add
// calls it; a reader of job files may do so before.
func (l Limits) Validate() error {
	if l.Memory < 0 || l.Processes < 0 || l.OpenFiles < 0 || l.CPU < 0 {
		return errors.New("limits: none is negative")
	}
	return l.internal().Check()
}

func (l Limits) internal() rlimit.Limits {
	return rlimit.Limits{
		Memory: uint64(l.Memory), Processes: uint64(l.Processes), OpenFiles: uint64(l.OpenFiles), CPU: l.CPU,
	}
}
