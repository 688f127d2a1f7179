package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantNoPlugins checks that this process has no child.
func wantNoPlugins(t *testing.T) {
	t.Helper()
	if pids := children(t); len(pids) > 0 {
		t.Errorf("plugins are left: %v", pids)
	}
}

// children are the process ids of this process's children, zombies included.
func children(t *testing.T) []string {
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
	return pids
}
