package procgroup

import (
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// observe blocks until cmd's process has ended, and leaves it unreaped: until
// then its number, and its group's, cannot be given to others. An error means
// that it is no longer ours, so that its group must not be signalled.
func observe(cmd *exec.Cmd) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return os.NewSyscallError("waitid", err)
		}
	}
}
