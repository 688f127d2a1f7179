package keeper

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
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
func birth(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// After the name, which may hold anything, come the fields from the third on;
	// the start time is the 22nd.
	_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	if fields := strings.Fields(rest); len(fields) > 19 {
		return fields[19]
	}
	return ""
}

// killMarked kills every process that was started with one of marks in its environment,
// and looks again until there is none: they may be starting others.
func killMarked(marks ...string) {
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(os.Getpid()) {
		return // its numbers are those of another namespace
	}
	for range 20 {
		found := false
		names, err := os.ReadDir("/proc")
		if err != nil {
			return
		}
		for _, name := range names {
			pid, err := strconv.Atoi(name.Name())
			if err != nil {
				continue
			}
			if isMarked(pid, marks) {
				found = true
				killIf(pid, func() bool { return isMarked(pid, marks) })
			}
		}
		if !found {
			return
		}
	}
}

// killIf kills a process that still is who is meant once nobody else can get its number.
func killIf(pid int, isMeant func() bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if isMeant() {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

func isMarked(pid int, marks []string) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && hasMark(environ, marks)
}

func hasMark(environ []byte, marks []string) bool {
	for entry := range strings.SplitSeq(string(environ), "\x00") {
		list, ok := strings.CutPrefix(entry, markKey+"=")
		isOurs := func(mark string) bool { return slices.Contains(marks, mark) }
		if ok && slices.ContainsFunc(strings.Split(list, markSeparator), isOurs) {
			return true
		}
	}
	return false
}
