//go:build !linux

package procgroup

import (
	"errors"
	"os/exec"
)

func needsThread(*exec.Cmd) bool { return false }

// observe blocks until cmd's process has ended, and reaps it.
//
// It falls short on unix systems: golang.org/x/sys/unix has no waitid for them.
// So the group is killed after its leader was reaped, and in the microseconds
// between, a group without other members is a number that the system might give
// to another group. On Windows the job object has no such moment.
func observe(cmd *exec.Cmd) error {
	err := cmd.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

// hasEnded does not know.
func hasEnded(int) bool { return false }

// isFrozen does not know.
func isFrozen(int) bool { return false }

// bury does nothing: these systems have another first process.
func bury(int) {}
