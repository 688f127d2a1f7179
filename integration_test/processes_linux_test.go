package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// processes are other processes whose end can be waited for, whoever reaps them.
type processes struct {
	names []string
	fds   []unix.PollFd
}

// watchProcesses opens a pidfd for each process that is there.
func watchProcesses(t *testing.T, pids ...int) *processes {
	t.Helper()
	p := new(processes)
	t.Cleanup(func() {
		for _, fd := range p.fds {
			_ = unix.Close(int(fd.Fd))
		}
	})
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == unix.ESRCH {
			continue
		}
		if err != nil {
			t.Fatalf("pidfd_open of process %d: %v", pid, err)
		}
		p.fds = append(p.fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		p.names = append(p.names, fmt.Sprintf("%d %s", pid, commandLine(pid)))
	}
	return p
}

// awaitEnd waits until all have ended, and names those that have not by the
// deadline.
func (p *processes) awaitEnd(t *testing.T, patience time.Duration) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for i := range p.fds {
		one := p.fds[i : i+1]
		n, err := 0, error(unix.EINTR)
		for err == unix.EINTR {
			n, err = unix.Poll(one, int(max(0, time.Until(deadline)).Milliseconds()))
		}
		if err != nil {
			t.Fatalf("poll: %v", err)
		}
		if n == 0 {
			t.Errorf("after %v process %s is alive", patience, p.names[i])
			_ = unix.PidfdSendSignal(int(one[0].Fd), unix.SIGKILL, nil, 0)
		}
	}
}

func commandLine(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(bytes.ReplaceAll(bytes.TrimRight(text, "\x00"), []byte{0}, []byte(" ")))
}

// descendants are the processes that pid started, and those that they started:
// process ids by parent.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	children := make(map[int][]int)
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err != nil {
			continue // it has ended
		}
		// After the name, which may hold anything: the state and the parent.
		rest := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if parent, err := strconv.Atoi(rest[1]); err == nil && rest[0] != "Z" {
			children[parent] = append(children[parent], child)
		}
	}
	found := []int{pid}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found[1:]
}
