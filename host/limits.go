package host

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/host/internal/rlimit"
)

// Limits bound what a process task may use; 0 sets none. A task that fails of a limit
// has [OutcomeOverLimit], and its error says which. [Runner.Add] refuses a limit that
// cannot be enforced, and says why and what to do: all of them on systems other than
// Linux, and one beyond the host's own hard limit.
//
// Where the host can make cgroups (v2, Linux 5.14), memory and processes are those of
// the whole task, with all processes that it started, wherever they went; and they all
// end with it. A task that fails after its cgroup was at a limit has failed of that.
// The host makes cgroups only where it was given the place:
//
//   - above its own, if that is named hostelry-host. systemd (254) starts it there with
//     the settings Delegate=yes and DelegateSubgroup=hostelry-host, for instance by
//     systemd-run --user --pty --same-dir -p Delegate=yes -p DelegateSubgroup=hostelry-host PROGRAM;
//   - in its own, if the system's systemd (251) delegated that, for instance by
//     systemd-run --scope -p Delegate=yes PROGRAM;
//   - in its own, if there is no systemd, it is the topmost that the host sees, and can be
//     written to, as in some containers.
//
// Nobody else may be in that place then, as the system wants it: a program that is there
// itself moves into a cgroup hostelry-host below, when the first such task is added,
// and can do so only while it is alone there. The system's topmost cgroup needs none of
// this.
//
// Everywhere else, and always for open files and CPU time, the limits are the system's
// resource limits, of each process of the task. That on processes is refused for root
// then, whom the system does not count.
type Limits struct {
	// Memory is in bytes. With a cgroup it bounds what the task uses, the files that
	// the system caches for it included, and there is no swap for it. Without, it
	// bounds the data that a process may reserve, used or not: a plugin in Go needs some
	// 200 MB to begin with.
	Memory int64
	// Processes is how many processes and threads there may be: with a cgroup in the
	// task, without of the host's user. A plugin in Go needs 10 to 20, and more on a
	// large machine.
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

// Validate refuses limits that are negative or cannot be enforced here. Add calls it;
// a reader of job files may do so before. It changes nothing.
func (l Limits) Validate() error {
	_, err := l.bounds(func(cgroup.Limits) error { return nil })
	return err
}

// bounds are how limits are enforced.
type bounds struct {
	each rlimit.Limits // on each process
	all  cgroup.Limits // on all of a task's together
}

// prepare finds out how the limits are enforced, and makes ready what that needs.
func (l Limits) prepare() (bounds, error) { return l.bounds(cgroup.Limits.Prepare) }

func (l Limits) bounds(ready func(cgroup.Limits) error) (bounds, error) {
	if l.Memory < 0 || l.Processes < 0 || l.OpenFiles < 0 || l.CPU < 0 {
		return bounds{}, errors.New("limits: none is negative")
	}
	if 0 < l.Memory && l.Memory < 1<<20 {
		return bounds{}, fmt.Errorf("limits: memory of %d bytes, which are less than any process needs: at least 1 MiB", l.Memory)
	}
	b := bounds{each: rlimit.Limits{
		Memory: uint64(l.Memory), Processes: uint64(l.Processes), OpenFiles: uint64(l.OpenFiles), CPU: l.CPU,
	}}
	var lack error // why a cgroup does not enforce them all
	if l.Memory > 0 || l.Processes > 0 {
		b.all, lack = cgroup.Find(cgroup.Limits{Memory: b.each.Memory, Processes: b.each.Processes})
		if err := ready(b.all); err != nil {
			b.all, lack = cgroup.Limits{}, err
		}
	}
	if b.all.Memory > 0 {
		b.each.Memory = 0
	}
	if b.all.Processes > 0 {
		b.each.Processes = 0
	}
	err := b.each.Check()
	if errors.Is(err, rlimit.ErrRoot) {
		err = fmt.Errorf("%w; a cgroup could enforce it, but %w", err, lack)
	}
	return b, err
}

// blameLaunch says what the limits have to do with a launch that failed.
func (e *process) blameLaunch(err error) error {
	failed, ok := errors.AsType[*pluginproc.LaunchError](err)
	if e.job.limits == (Limits{}) {
		return err
	}
	var which string
	if ok {
		exit := failed.Exit
		which = cmp.Or(failed.OverLimit, e.job.bounds.each.Exceeded(exit.CPU, exit.Signal != 0, append(failed.Stderr, err.Error())...))
	}
	if which != "" {
		e.failure.outcome = OutcomeOverLimit
		return overLimit(which, err)
	}
	return fmt.Errorf("under limits that may be too low, %v: %w", e.job.limits, err)
}

// blameLimit finds out whether a failure is that of a process over its limits. While the
// process lives, for others, only what the task itself says counts.
func (e *process) blameLimit(ended *end) {
	if e.job.limits == (Limits{}) || ended.Err == nil || ended.Clean {
		return
	}
	plugin, said := e.seat.worker.process, []string{ended.Err.Error()}
	var stderr []string
	var over string
	var exit procgroup.Exit
	if e.seat.dead() {
		exit, over, stderr = plugin.Exit(), plugin.OverLimit(), plugin.Stderr()
	}
	which := cmp.Or(over, e.job.bounds.each.Exceeded(exit.CPU, exit.Signal != 0 && !exit.Killed, append(said, stderr...)...))
	if which == "" {
		return
	}
	if ended.process == nil {
		ended.process = &processEnd{exitCode: -1, stderr: stderr}
	}
	ended.process.outcome = OutcomeOverLimit
	ended.Err = overLimit(which, ended.Err)
}

func overLimit(which string, err error) error {
	return fmt.Errorf("over its limit on %s: %w", which, err)
}
