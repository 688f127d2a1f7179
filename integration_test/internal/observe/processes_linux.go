package observe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Find returns the processes that match.
func Find(t testing.TB, match func(pid int) bool) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && match(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// HasEnv matches processes that were started with entry, NAME=VALUE, in their
// environment. A zombie has none: it holds nothing but its number.
func HasEnv(entry string) func(pid int) bool {
	return func(pid int) bool {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		return err == nil && slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(e []byte) bool {
			return string(e) == entry
		})
	}
}

// RunsFrom matches processes whose executable lies in dir. A zombie has none.
func RunsFrom(dir string) func(pid int) bool {
	return func(pid int) bool {
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		return err == nil && strings.HasPrefix(exe, dir+"/")
	}
}

// Dies waits until pid is dead, at most until deadline, and reports whether it is.
func Dies(pid int, deadline time.Time) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	for {
		left := max(0, time.Until(deadline))
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if !errors.Is(err, syscall.EINTR) {
			return n > 0
		}
	}
}

// WantNone waits until no process matches, and names those that are alive at the
// deadline. What was started meanwhile is found too: it looks until it sees none
// twice in a row.
func WantNone(t testing.TB, deadline time.Time, match func(pid int) bool) {
	t.Helper()
	for quiet := 0; quiet < 2; {
		pids := Find(t, match)
		for _, pid := range pids {
			if !Dies(pid, deadline) {
				t.Errorf("still alive: %s", Describe(pid))
			}
		}
		if quiet++; len(pids) > 0 {
			quiet = 0
		}
		if len(pids) > 0 && time.Now().After(deadline) {
			return
		}
	}
}

// Describe is a process in words.
func Describe(pid int) string {
	args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := append(strings.Fields(rest), "?", "?", "?", "?")
	return fmt.Sprintf("process %d (state %s, parent %s, group %s, session %s): %s",
		pid, fields[0], fields[1], fields[2], fields[3], bytes.ReplaceAll(args, []byte{0}, []byte{' '}))
}

// Children are this process's children, zombies included, sorted.
func Children(t testing.TB) []string {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, list := range lists {
		text, err := os.ReadFile(list) // fails where the thread has ended, and its children are another's
		if err == nil {
			pids = append(pids, strings.Fields(string(text))...)
		}
	}
	slices.Sort(pids)
	return pids
}

// Memory reads a field of a process's status, such as "VmHWM", in bytes. The
// process is its id, or "self".
func Memory(t testing.TB, pid, field string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatalf("no %s", field)
	return 0
}

// CopySelf copies this binary into dir, which it makes, under another name, and
// returns its path.
func CopySelf(dir, name string) (string, error) {
	binary, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	path := filepath.Join(dir, name)
	if err == nil {
		err = os.WriteFile(path, binary, 0o755) //nolint:gosec // the test says where
	}
	return path, err
}
