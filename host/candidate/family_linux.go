package candidate

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// family are the processes of leader's group, and those that were started with one of
// the marks in their environment, but for leader itself and the dead: their command
// lines by process id.
func family(leader int, marks []string) (map[int]string, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	found := make(map[int]string)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == leader || pid == os.Getpid() {
			continue
		}
		if alive(pid) && (inGroup(pid, leader) || marked(pid, marks)) {
			found[pid] = fmt.Sprintf("process %d (%s)", pid, commandLine(pid))
		}
	}
	return found, nil
}

func inGroup(pid, leader int) bool {
	pgid, err := syscall.Getpgid(pid)
	return err == nil && pgid == leader
}

func marked(pid int, marks []string) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if slices.Contains(marks, string(entry)) {
			return true
		}
	}
	return false
}

// alive reports whether a process is there, and has not ended.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func commandLine(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(text) == 0 {
		return "unknown"
	}
	text = bytes.ReplaceAll(bytes.TrimRight(text, "\x00"), []byte{0}, []byte(" "))
	return string(text[:min(len(text), 80)])
}
