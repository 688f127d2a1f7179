package pluginproc

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/shared/wire"
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

// failure is what is to be said of any failed launch. The process is dead.
func (r *pluginRunner) failure(err error) *LaunchError {
	return &LaunchError{Path: cmp.Or(r.config.File, r.config.Path), Stderr: r.tail.lines(), OverLimit: r.overLimit, Err: err}
}

// explain finds the cause of a launch that failed with err; late is what had ended it
// before, or nil. The process is dead.
func (r *pluginRunner) explain(late, err error) *LaunchError {
	e := r.failure(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.startErr != nil:
		e.Err = explainStart(e.Path, r.config.Path, r.startErr)
		e.final = errors.Is(r.startErr, fs.ErrPermission) || errors.Is(r.startErr, fs.ErrNotExist) ||
			errors.Is(r.startErr, syscall.ENOEXEC)
	case late != nil && !r.endedSelf: // what it said last may have been cut short
		e.Err = fmt.Errorf("it did not come up in time: %w; %s; raise the start timeout if it needs longer", late, r.progress())
	case errors.Is(r.garbled, wire.ErrNoHandshake):
		e.final = true
		e.Err = fmt.Errorf("it is not a plugin, or it printed to stdout before its handshake: %w", r.garbled)
	case r.garbled != nil:
		e.final = true
		e.Err = fmt.Errorf("its handshake does not fit this host: %w", r.garbled)
	case r.stranger != nil:
		e.Err = r.stranger
	case r.endedSelf && r.address != "":
		e.blame(r.group.Exit(), "after its handshake, before it served,")
	case r.endedSelf:
		e.blame(r.group.Exit(), "before its handshake")
		if e.Exit.Signal != 0 && (&program{path: r.config.Path}).isCutShort() {
			e.Err = fmt.Errorf("%w; its file is damaged or cut short: build or copy it again", e.Err)
		} else {
			e.Err = fmt.Errorf("%w; is it a plugin? start it by hand to see", e.Err)
		}
	}
	return e
}

// blame says that the process ended by itself, when, and how.
func (e *LaunchError) blame(exit procgroup.Exit, when string) {
	e.Exited, e.Exit = true, exit
	if exit.Signal != 0 {
		e.Err = fmt.Errorf("it was %v %s", exit, strings.TrimSuffix(when, ","))
	} else {
		e.Err = fmt.Errorf("it ended %s with %v", when, exit)
	}
}

// progress says how far a launch has come that took too long. The readers have ended.
func (r *pluginRunner) progress() string {
	switch {
	case r.address != "":
		return fmt.Sprintf("it has printed its handshake, but does not answer at %s", r.address)
	case r.unfinished != "":
		return fmt.Sprintf("of its handshake it has printed %.80q, and no end of the line", r.unfinished)
	case r.closed:
		return "it has closed its stdout, and printed no handshake"
	default:
		return "it has printed nothing to stdout, where its handshake should be, and flushed"
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
