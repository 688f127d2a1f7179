package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

// line is what an attempt wrote into its task's trace when it began.
type line struct {
	attempt, pid int
	restored     int // the checkpoint that it was given: an attempt's number, or 0
}

// readTrace reads a task's trace.
func readTrace(t *testing.T, dir, id string) []line {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, id))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var lines []line
	for entry := range strings.Lines(string(text)) {
		var l line
		if _, err := fmt.Sscanln(entry, &l.attempt, &l.pid, &l.restored); err != nil {
			t.Fatalf("%s: trace line %q: %v", id, entry, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// checkTrace sees that each attempt that the task's events tell of began once, in
// turn, where it should, and with the newest checkpoint before it.
func checkTrace(t *testing.T, h *host.Handle, m mayfly, l *life) {
	t.Helper()
	lines := readTrace(t, m.Dir, h.ID())
	if n := len(lines); n != l.attempt && (l.ran || n != l.attempt-1) { // the last one was stopped before it ran
		t.Errorf("%s: %d attempts wrote into its trace, and %d were begun; the last ran: %t", h.ID(), n, l.attempt, l.ran)
	}
	before, newest := line{}, 0
	for i, now := range lines {
		if now.attempt != i+1 || now.restored != newest {
			t.Errorf("%s: line %d of its trace is %+v, want attempt %d with checkpoint %d", h.ID(), i, now, i+1, newest)
			return
		}
		inHost, again := now.pid == os.Getpid(), now.pid == before.pid
		if inHost != (h.Mode() != host.Process) || again && !inHost {
			t.Errorf("%s: attempt %d ran in process %d, the one before in %d, and the host is %d", h.ID(), now.attempt, now.pid, before.pid, os.Getpid())
		}
		if draw(m.Seed, m.Mode, h.ID(), now.attempt).life > 0 {
			newest = now.attempt
		}
		before = now
	}
}
