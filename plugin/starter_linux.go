package plugin

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// starters are the processes that may have started this one as a plugin: its parent, and
// that of its process group's leader, should that be a wrapper that runs it as a child.
func starters() []int {
	hosts := []int{os.Getppid()}
	if leader := syscall.Getpgrp(); leader != os.Getpid() {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", leader)) // or the leader has ended
		_, rest, _ := strings.Cut(string(status), "\nPPid:")
		var parent int
		if _, err := fmt.Sscan(rest, &parent); err == nil {
			hosts = append(hosts, parent)
		}
	}
	return hosts
}
