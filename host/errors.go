package host

import (
	"errors"
	"fmt"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
)

// Conditions that a caller can meet. errors.Is finds them.
var (
	// ErrStarted: Start or Run was called a second time. A runner has one life.
	ErrStarted = errors.New("the runner was started already")
	// ErrNotStarted: Wait was called before Start.
	ErrNotStarted = errors.New("the runner was not started")
	// ErrStopping: Add or Start was called after Stop, or after the run's end.
	ErrStopping = errors.New("the runner is stopping or has ended")
	// ErrBadID: a task's id is empty or has a character that is not allowed.
	ErrBadID = errors.New("bad task id")
	// ErrDuplicateID: two tasks of a runner have the same id.
	ErrDuplicateID = errors.New("duplicate task id")
	// ErrUnknownTask: there is no task of that id.
	ErrUnknownTask = errors.New("unknown task")
	// ErrEnded: a task cannot be begun again, because it has ended or is being stopped.
	ErrEnded = errors.New("the task has ended, or is being stopped")
	// ErrRestartsSpent: a task ended more often than its Restart allows. The TaskError
	// of its last attempt wraps it.
	ErrRestartsSpent = errors.New("its restarts are spent")
	// ErrDeadline: the run was stopped at the end of its time: see WithDeadline.
	ErrDeadline = errors.New("the run reached its deadline")
	// ErrNeedsProcess: a plugin's kind was asked to run in this process.
	ErrNeedsProcess = errors.New("a plugin's kind runs in process mode only")
	// ErrNotServed: this process was started by a host as a plugin, but its main
	// did not call plugin.ServeSelf first.
	ErrNotServed = errors.New("this process was started as a plugin by its own program: call plugin.ServeSelf first in main")
)

// SpecError says that a task cannot be added. It unwraps to the cause.
type SpecError struct {
	Task string // the id, as given
	Err  error
}

func (e *SpecError) Error() string { return fmt.Sprintf("task %q: %v", e.Task, e.Err) }
func (e *SpecError) Unwrap() error { return e.Err }

// Outcome is how an attempt failed. It means the same in every mode.
type Outcome string

// The outcomes. Exited, Signalled and Lost are of process mode, where a task can
// end without a last word.
const (
	OutcomeError        Outcome = "error"         // Run or Stop returned an error
	OutcomePanic        Outcome = "panic"         // it panicked or called runtime.Goexit
	OutcomeExited       Outcome = "exited"        // its process exited
	OutcomeSignalled    Outcome = "signalled"     // its process was killed by a signal
	OutcomeLost         Outcome = "lost"          // it hung up, and its process lives or was attached: then nobody knows
	OutcomeLaunchFailed Outcome = "launch-failed" // it was not made: a bad config, a plugin that does not start
	OutcomeUnresponsive Outcome = "unresponsive"  // it showed no sign of life
	OutcomeTimedOut     Outcome = "timed-out"     // its time was over
	OutcomeOverLimit    Outcome = "over-limit"    // its process was over one of its Limits; the error says which
	OutcomeStopTimeout  Outcome = "stop-timeout"  // it did not stop within its grace: killed, or abandoned
)

// TaskError says which task failed, in which mode, and how. It unwraps to the cause.
type TaskError struct {
	Task     string
	Mode     Mode
	Attempt  int // from 1
	Outcome  Outcome
	ExitCode int      // of its process; -1 where it has none, or it is not known
	Signal   string   // that killed its process, in words such as "killed", or ""
	Stack    string   // of the panic, or ""
	Stderr   []string // the last lines of its process, at most 20
	Err      error
}

// Error names the task once, and gives the cause in one line; see Stack and
// Stderr for more.
func (e *TaskError) Error() string {
	text := fmt.Sprintf("%v task %q: %v", e.Mode, e.Task, e.Err)
	switch e.Outcome {
	case OutcomeExited, OutcomeSignalled, OutcomeLost:
		if words := pluginproc.LastWords(e.Stderr); words != "" {
			text += " (stderr: " + words + ")"
		}
	}
	return text
}

func (e *TaskError) Unwrap() error { return e.Err }

// both is two errors in one line. It calls no method of theirs before its own are
// called: to do so may run a task's code.
type both struct{ first, then error }

func (b *both) Error() string   { return b.first.Error() + "; " + b.then.Error() }
func (b *both) Unwrap() []error { return []error{b.first, b.then} }
