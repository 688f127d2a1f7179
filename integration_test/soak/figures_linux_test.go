package soak

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// figures are what a soak tells at its end.
type figures struct {
	counts         map[host.Mode]map[host.Outcome]int // of attempts
	events, states int
	middle, end    usage         // with all tasks at work
	patience, stop time.Duration // of the tasks' watchdog; how long the stop took
}

func (f *figures) String() string {
	var b strings.Builder
	for _, mode := range host.Modes() {
		var parts []string
		for _, o := range slices.Sorted(maps.Keys(f.counts[mode])) {
			parts = append(parts, fmt.Sprintf("%s %d", o, f.counts[mode][o]))
		}
		fmt.Fprintf(&b, "%v: %d attempts: %s\n", mode, f.attempts(mode), strings.Join(parts, ", "))
	}
	fmt.Fprintf(&b, "%d events, %d of them not of progress; the watchdog %v, the stop took %v", f.events, f.states, f.patience, f.stop.Round(time.Millisecond))
	return b.String()
}

func (f *figures) attempts(m host.Mode) int {
	sum := 0
	for _, n := range f.counts[m] {
		sum += n
	}
	return sum
}

// wantRestarts sees that the soak was one: tasks of each mode were begun again.
func (f *figures) wantRestarts(t *testing.T) {
	t.Helper()
	for mode, n := range crowd {
		if got := f.attempts(mode); got < 2*n {
			t.Errorf("%d tasks in %v mode made only %d attempts", n, mode, got)
		}
	}
}

// usage is what this process uses.
type usage struct {
	heap                              uint64
	resident                          int64
	descriptors, goroutines, children int
}

func (u usage) String() string {
	return fmt.Sprintf("heap %d KB, resident %d MB, %d descriptors, %d goroutines, %d children",
		u.heap>>10, u.resident>>20, u.descriptors, u.goroutines, u.children)
}

// measure looks what this process uses, after two collections.
func measure(t *testing.T) usage {
	t.Helper()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return usage{
		heap: m.HeapAlloc, resident: observe.Memory(t, "self", "VmRSS"),
		descriptors: len(fds), goroutines: runtime.NumGoroutine(), children: len(observe.Children(t)),
	}
}

// resetPeak has VmHWM, the most memory that was resident, begin anew.
func resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}
