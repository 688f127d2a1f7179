package host

import (
	"fmt"
	"strings"
)

// Mode is where a task runs. The zero Mode stands for the runner's default.
type Mode uint8

const (
	// Goroutine runs each task on a goroutine. A task that does not stop within
	// the grace is abandoned: Go cannot end a goroutine from outside.
	Goroutine Mode = iota + 1
	// Async runs all of a runner's async tasks as coroutines on one event loop:
	// one of them at a time, so that they need no locks between them. They must
	// not block it: task.Sleep, task.Await and task.Yield give it to others.
	Async
	// Process runs each task in a plugin process of its own, or where Spec.Share says
	// so in one with others. A process task always ends: what does not stop within
	// the grace is killed, the whole process group. But a plugin that was attached (catalog.Catalog.Attach) runs
	// all of its tasks in one process that is not the host's to kill: what does not
	// stop there is hung up on, and abandoned.
	Process
)

var modeNames = [...]string{Goroutine: "goroutine", Async: "async", Process: "process"}

// Modes returns all modes.
func Modes() []Mode { return []Mode{Goroutine, Async, Process} }

// ParseMode is the inverse of String; it does not know the zero Mode.
func ParseMode(name string) (Mode, error) { return parse(name, "mode", Modes()) }

// String is "goroutine", "async" or "process"; "default" for the zero Mode.
func (m Mode) String() string {
	switch {
	case m == 0:
		return "default"
	case int(m) < len(modeNames):
		return modeNames[m]
	default:
		return fmt.Sprintf("Mode(%d)", uint8(m))
	}
}

// MarshalText writes String.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// parse finds the value whose String is name.
func parse[T fmt.Stringer](name, what string, values []T) (T, error) {
	names := make([]string, len(values))
	for i, v := range values {
		if v.String() == name {
			return v, nil
		}
		names[i] = v.String()
	}
	var none T
	return none, fmt.Errorf("%s %q is not one of %s", what, name, strings.Join(names, ", "))
}
