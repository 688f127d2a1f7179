package keeper

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// enlarge lets a pipe hold pipeSize, if the system grants it.
func enlarge(pipe *os.File) {
	conn, err := pipe.SyscallConn()
	if err == nil {
		_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
	}
}

// program is this program, also when another one, or none, is where it was found.
func program() (string, error) { return "/proc/self/exe", nil }

// nameSelf names the process after what it is: who kills hosts by their program's name,
// as killall does, is not to kill their keepers first.
func nameSelf() { _ = os.WriteFile("/proc/self/comm", []byte("hostelry-keeper"), 0) }

// follow has c notice the end of the host, process pid, which has started this one.
func (c *calm) follow(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil { // else Linux is older than 5.3, or the host is dead
		c.host = fd
	}
	c.dead = os.Getppid() != pid // and then that was another one
}

// awaitNews waits until the pipe has something to read, but only looks after d whether it
// has, or ends. It notes whether the host is dead.
func (c *calm) awaitNews(d time.Duration) {
	fds := []unix.PollFd{{Fd: int32(c.pipe.Fd())}, {Fd: int32(c.host), Events: unix.POLLIN}} // an end is always told
	if !c.dead {
		_, _ = unix.Poll(fds, int(d.Milliseconds()))
	}
	for !c.dead && fds[0].Revents == 0 {
		fds[0].Events = unix.POLLIN
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		c.dead = fds[1].Revents != 0
	}
}

// readRest reads what the host has left in the pipe.
func readRest(pipe *os.File, p []byte) (int, error) {
	_ = unix.SetNonblock(int(pipe.Fd()), true)
	n, err := pipe.Read(p)
	if errors.Is(err, unix.EAGAIN) {
		err = io.EOF
	}
	return n, err
}

// birth is when process pid was started, in the system's own terms, or "".
func birth(pid int) string { return stat(pid).field(22) }

// fields are those of a process's /proc/PID/stat, from the third on, or none.
type fields []string

func stat(pid int) fields {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // the second, the name, may hold anything
}

// field is the nth, as proc_pid_stat(5) counts, or "".
func (f fields) field(n int) string {
	if n-3 >= len(f) {
		return ""
	}
	return f[n-3]
}
