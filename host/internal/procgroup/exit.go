package procgroup

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// Exit is how a group's leader ended.
type Exit struct {
	// Code is the exit status, or -1 if a signal killed the leader or its end
	// could not be learned.
	Code int
	// Signal is what killed the leader, or 0. Its String is its name in words,
	// such as "killed". It is always 0 on Windows.
	Signal syscall.Signal
	// Killed says that Kill ended the leader. On systems other than Linux it may
	// have ended in the same way a moment before.
	Killed bool
	// CPU is what the leader computed, with those of its children for whom it
	// waited.
	CPU time.Duration
	// Err says why the end could not be learned, or is nil. It happens where
	// another part of the program reaps children that are not its own.
	Err error
}

// Success reports whether the leader exited with status 0.
func (e Exit) Success() bool { return e.Code == 0 && e.Signal == 0 && e.Err == nil }

// String is "exit status 3", "killed by signal 9 (killed)", or Err's text.
func (e Exit) String() string {
	switch {
	case e.Err != nil:
		return "unknown end: " + e.Err.Error()
	case e.Signal != 0:
		return fmt.Sprintf("killed by signal %d (%v)", int(e.Signal), e.Signal)
	default:
		return fmt.Sprintf("exit status %d", e.Code)
	}
}

// exitOf reads the end off state, which is nil if waiting failed with err.
func exitOf(state *os.ProcessState, err error) Exit {
	if state == nil {
		return Exit{Code: -1, Err: err}
	}
	e := Exit{Code: state.ExitCode(), CPU: state.UserTime() + state.SystemTime()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal()
	}
	return e
}
