package main

import (
	"context"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// measurements do little work.
func measurements() map[string]measurement {
	const few, times = 10, 3
	return map[string]measurement{
		"noop ours":        addToDone(host.Async, few, noop),
		"noop errgroup":    noopErrgroup(few),
		"noop conc":        noopConc(few),
		"noop suture":      noopSuture(few),
		"noop goroutines":  noopGoroutines(few),
		"yield ours":       yieldAsync(few),
		"yield ping-pong":  yieldPingPong(few),
		"yield iter.Pull":  yieldPull(few),
		"park ours":        parkRunner(host.Async, few, func(ctx context.Context) error { return task.Sleep(ctx, patience) }),
		"park errgroup":    parkErrgroup(few),
		"park goroutines":  parkGoroutines(few),
		"sleep ours":       addToDone(host.Async, few, inSteps(times)),
		"sleep goroutines": sleepTimers(few, times),
		"chain ours":       chainRunner(host.Goroutine, few),
		"chain channels":   chainChannels(few),
	}
}

// TestMeasurements: each one does its work, and measures something.
func TestMeasurements(t *testing.T) {
	for name, m := range measurements() {
		t.Run(name, func(t *testing.T) { check(t, m) })
	}
}

// TestMeasurementsEnd when they are told to, whether or not they have measured something.
func TestMeasurementsEnd(t *testing.T) {
	for name, m := range measurements() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, _ = m(ctx)
		})
	}
}

// TestPython is skipped on a machine that has no Python, which is no part of ours.
func TestPython(t *testing.T) {
	for _, work := range []string{"threads", "processes", "asyncio", "sleeps", "yields"} {
		t.Run(work, func(t *testing.T) {
			s := python("Python", work, 2, 3)
			if why := s.missing(); why != "" {
				t.Skip("needs", why)
			}
			check(t, s.run)
		})
	}
}

func check(t *testing.T, m measurement) {
	values, err := m(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if v <= 0 {
			t.Errorf("measured %v", values)
		}
	}
	if len(values) == 0 {
		t.Error("measured nothing")
	}
}
