package keeper

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
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

// awaitEnd waits until the pipe's other end is closed, at most for d, and does not
// wake up for what is written.
func awaitEnd(pipe *os.File, d time.Duration) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(pipe.Fd())}}, int(d.Milliseconds())) // that it ends is always told
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

// killMarked kills every process that was started with entry in its environment,
// and looks again until there is none: they may be starting others.
func killMarked(entry string) {
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
			environ, err := os.ReadFile("/proc/" + name.Name() + "/environ")
			if err == nil && hasEntry(environ, entry) {
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if !found {
			return
		}
	}
}

func hasEntry(environ []byte, entry string) bool {
	for e := range bytes.SplitSeq(environ, []byte{0}) {
		if string(e) == entry {
			return true
		}
	}
	return false
}
