package procgroup

import (
	"os"
	"os/exec"
	"time"

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
func hasEnded(pid int) bool { return has(pid, unix.WEXITED) }

// isFrozen reports whether a signal has stopped a child.
func isFrozen(pid int) bool { return has(pid, unix.WSTOPPED) }

// has reports whether a child has changed to a state, in which it is left.
func has(pid, state int) bool {
	info := unix.Siginfo{}
	err := unix.Waitid(unix.P_PID, pid, &info, state|unix.WNOWAIT|unix.WNOHANG, nil)
	return err == nil && info.Signo != 0
}

// burial is how long a process that was killed may take to die: one that hangs in the
// kernel is not to hang the group's end.
const burial = time.Second

// bury reaps what the system has given to this process of a group that was killed. It gives
// orphans to a container's first process, and to who asks for them (PR_SET_CHILD_SUBREAPER).
// No other group has the number as long as one of them is left.
func bury(pgid int) {
	for deadline := time.Now().Add(burial); time.Now().Before(deadline); {
		pid, err := unix.Wait4(-pgid, nil, unix.WNOHANG, nil)
		switch {
		case pid > 0, err == unix.EINTR:
		case err != nil:
			return // there is none
		default:
			time.Sleep(time.Millisecond) // it is dying
		}
	}
}
