package pluginproc_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// leavesNothing checks, when the test ends, that of what it launched no process,
// descriptor, goroutine or file is left.
func leavesNothing(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "p") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	before, ignore := descriptors(t), goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, ignore)
		if after := descriptors(t); !slices.Equal(after, before) {
			t.Errorf("descriptors were\n%q and are\n%q", before, after)
		}
		if left := children(t); len(left) > 0 {
			t.Errorf("processes are left: %q", left)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			t.Errorf("files are left: %v, %v", entries, err)
		}
		_ = os.RemoveAll(dir)
	})
}

// descriptors are the kinds of what this process holds open. What the runtime
// opens once, when it first needs it, does not count.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range entries {
		link, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.Contains(link, "[event") { // the directory itself; the poller's
			continue
		}
		kind, _, _ := strings.Cut(link, "[")
		if strings.HasPrefix(link, "anon_inode:") {
			kind = link
		}
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// children are this process's, dead ones included.
func children(t *testing.T) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		text := string(raw)
		_, rest, _ := strings.Cut(text[strings.LastIndex(text, ")"):], ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == fmt.Sprint(os.Getpid()) {
			found = append(found, text[:strings.LastIndex(text, ")")+1]+" "+fields[0])
		}
	}
	return found
}
