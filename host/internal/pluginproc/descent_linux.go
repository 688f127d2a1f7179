package pluginproc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// descends reports whether a process is the one of that number, or was started by it, or
// by one that was, and so on: as long as those in between live.
func descends(pid, from int) bool {
	for range 100 { // lest numbers that are used again go in a circle
		if pid == from {
			return true
		}
		pid = parentOf(pid)
	}
	return false
}

// parentOf is 0 if there is none, or no telling.
func parentOf(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // a program's name may have spaces
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}
