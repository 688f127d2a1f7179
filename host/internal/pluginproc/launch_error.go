package pluginproc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

// LaunchError says why a plugin did not start, and what to do.
type LaunchError struct {
	Path   string
	Exit   procgroup.Exit // how the process ended, if Exited
	Exited bool           // it ended by itself, before it served
	Stderr []string       // its last lines
	// OverLimit names the limit of its cgroup that it reached, or is "".
	OverLimit string
	Err       error
	final     bool
}

// Permanent reports that another launch would fail too: the file is no program for
// this system, or not a plugin. It is what task.IsPermanent asks for.
func (e *LaunchError) Permanent() bool { return e.final }

// Error names the cause and the last line of stderr; the caller names the plugin.
func (e *LaunchError) Error() string {
	if words := LastWords(e.Stderr); words != "" {
		return fmt.Sprintf("%v (stderr: %s)", e.Err, words)
	}
	return e.Err.Error()
}

func (e *LaunchError) Unwrap() error { return e.Err }

// explain finds the cause of a failed launch. The process is dead.
func (r *pluginRunner) explain(ctx context.Context, err error) *LaunchError {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &LaunchError{Path: cmp.Or(r.config.File, r.config.Path), Stderr: r.tail.lines(), OverLimit: r.overLimit, Err: err}
	switch {
	case r.startErr != nil:
		e.Err = explainStart(e.Path, r.startErr)
		e.final = errors.Is(r.startErr, fs.ErrPermission) || errors.Is(r.startErr, fs.ErrNotExist) ||
			errors.Is(r.startErr, syscall.ENOEXEC)
	case ctx.Err() != nil && !r.endedSelf: // what it said last may have been cut short
		e.Err = fmt.Errorf("it did not come up in time: %w; raise the start timeout if it needs longer", context.Cause(ctx))
	case r.garbled != nil:
		e.final = true
		e.Err = fmt.Errorf("it is not a plugin, or it printed to stdout before plugin.Main: %w", r.garbled)
	case r.stranger != nil:
		e.Err = r.stranger
	case r.endedSelf && r.address != "":
		e.Exited, e.Exit = true, r.group.Exit()
		e.Err = fmt.Errorf("it ended after its handshake, before it served, with %v", e.Exit)
	case r.endedSelf:
		e.Exited, e.Exit = true, r.group.Exit()
		end := fmt.Sprintf("ended before its handshake with %v", e.Exit)
		if e.Exit.Signal != 0 {
			end = fmt.Sprintf("was %v before its handshake", e.Exit)
		}
		e.Err = fmt.Errorf("it %s; is it a plugin? start it by hand to see", end)
	}
	return e
}

func explainStart(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; make it executable: chmod +x %s; if it is, its file system, or that of its copy, may be mounted noexec", err, path)
	case errors.Is(err, syscall.ETXTBSY):
		return fmt.Errorf("%w: something still has it open for writing", err)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w: not a program for this system; rebuild it, and begin a script with #! and its interpreter", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: the file, or the interpreter or loader that it names, is missing", err)
	default:
		return err
	}
}

// tellSize says what the system found too large: most often what the job gives the plugin.
func tellSize(err error, env []string) error {
	if !errors.Is(err, syscall.E2BIG) {
		return err
	}
	longest := slices.MaxFunc(env, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	name, _, _ := strings.Cut(longest, "=")
	return fmt.Errorf("%w: its environment is too large for the system: %d variables, the longest, %s, of %d bytes (on Linux 128 KiB is too long for one); give it less, or a file to read",
		err, len(env), name, len(longest))
}
