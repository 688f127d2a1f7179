package procgroup

import (
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// needsThread says that the thread that starts cmd must live as long as cmd.
func needsThread(cmd *exec.Cmd) bool { return cmd.SysProcAttr.Pdeathsig != 0 }

// observe blocks until cmd's process has ended, and leaves it unreaped: until
// then its number, and its group's, cannot be given to others. An error means
// that it is no longer ours, so that its group must not be signalled.
func observe(cmd *exec.Cmd) error {
	awaitEnd(cmd.Process.Pid)
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return os.NewSyscallError("waitid", err)
		}
	}
}

// awaitEnd blocks until process pid has ended, as Go waits for the network: a
// thread that blocks in waitid would have Go's scheduler lack a processor for
// milliseconds, which on a small machine is a tenth of a plugin's launch. A system
// that cannot do it is Linux before 5.10; there it returns at once.
func awaitEnd(pid int) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return
	}
	file := os.NewFile(uintptr(fd), "pidfd") // polled, because it does not block
	defer file.Close()
	conn, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n != 0 || err != nil && err != unix.EINTR
	})
}

// hasEnded reports whether a child has ended, although observe may not have
// noticed yet.
func hasEnded(pid int) bool {
	info := unix.Siginfo{}
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	return err == nil && info.Signo != 0
}
