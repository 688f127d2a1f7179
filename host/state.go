package host

import "fmt"

// State is where a task is in its life. Being ready is no State: it is a flag of
// StateRunning, see [Handle.Ready].
type State uint8

// The states. Which follows which:
//
//	pending      waiting, starting
//	waiting      starting; of a task that has run before also stopped, failed
//	starting     running, stopping, backing-off, failed
//	running      stopping, backing-off, succeeded, failed
//	stopping     backing-off, stopped, failed, abandoned
//	backing-off  starting, waiting, stopped, failed
//
// A task that never started stays in StatePending or StateWaiting: it is done, but
// has none of the last four. A last event, of the same state, gives the cause.
const (
	StatePending    State = iota // added; not started
	StateWaiting                 // for another task
	StateStarting                // being made or launched
	StateRunning                 // its Run was called
	StateBackingOff              // failed; waits for its next attempt
	StateStopping                // asked to stop
	StateSucceeded               // ended by itself, without an error
	StateFailed                  // ended with a failure, or was killed
	StateStopped                 // ended as asked
	StateAbandoned               // did not end within its grace, and cannot be killed
)

var stateNames = [...]string{
	StatePending: "pending", StateWaiting: "waiting", StateStarting: "starting", StateRunning: "running",
	StateBackingOff: "backing-off", StateStopping: "stopping", StateSucceeded: "succeeded",
	StateFailed: "failed", StateStopped: "stopped", StateAbandoned: "abandoned",
}

// String is the state's name in lower case, "backing-off" with a hyphen.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// MarshalText writes String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Ended reports whether the state is one of the last four.
func (s State) Ended() bool { return s >= StateSucceeded }

// RunState is where a runner is in its one life.
type RunState uint8

// The states of a runner.
const (
	RunIdle     RunState = iota // not started
	RunRunning                  // started
	RunStopping                 // asked to stop, or stopping after a failure
	RunEnded                    // every task has ended or was abandoned; nothing can be added
)

var runStateNames = [...]string{RunIdle: "idle", RunRunning: "running", RunStopping: "stopping", RunEnded: "ended"}

// String is "idle", "running", "stopping" or "ended".
func (s RunState) String() string {
	if int(s) < len(runStateNames) {
		return runStateNames[s]
	}
	return fmt.Sprintf("RunState(%d)", uint8(s))
}
