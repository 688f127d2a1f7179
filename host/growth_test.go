package host_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// many is a number of tasks at which what is quadratic is seen.
const many = 5_000

// shapes are graphs of many tasks: what the n-th one needs.
var shapes = map[string]func(n int) map[string]host.Need{
	"chain": func(n int) map[string]host.Need { return readies(max(0, n-1), n) },
	"hub":   func(n int) map[string]host.Need { return readies(0, min(n, 1)) },
	"sink": func(n int) map[string]host.Need {
		if n < many-1 {
			return nil
		}
		return readies(0, n)
	},
}

// readies are needs of the tasks from the first to the one before last.
func readies(first, last int) map[string]host.Need {
	needs := make(map[string]host.Need)
	for n := first; n < last; n++ {
		needs[fmt.Sprint("t", n)] = host.NeedReady
	}
	return needs
}

// TestManyTasks: what a task costs does not grow with the number of tasks.
func TestManyTasks(t *testing.T) {
	for name, needs := range shapes {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			inBubble(t, func(t *testing.T) {
				r := newQuiet(t)
				for n := range many {
					if _, err := r.Add(host.Spec{ID: fmt.Sprint("t", n), Kind: "wait", Needs: needs(n)}); err != nil {
						t.Fatal(err)
					}
				}
				if err := r.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				awaitSoon(t, "all are ready", func() bool { return r.Handles()[many-1].Ready() })
				if err := r.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				wantStates(t, host.StateStopped, r.Handles()...)
			})
			if took := time.Since(began); took > patience {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// newQuiet makes a runner whose events nobody reads.
func newQuiet(t *testing.T, opts ...host.Option) *host.Runner {
	t.Helper()
	opts = append(opts, host.WithCatalog(tested), host.WithLogger(slog.New(slog.DiscardHandler)))
	r, err := host.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// awaitSoon waits, in a bubble, until something holds that must.
func awaitSoon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 100_000 {
		if holds() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("not in time: %s", what)
}

// TestRestartsDoNotGrow: nothing is kept of an attempt that has ended, whether it
// failed or was begun again on request.
func TestRestartsDoNotGrow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newQuiet(t)
		failing, err := r.Add(host.Spec{
			ID: "fail", Kind: "fail", Config: config{Text: "boom"}, StartTimeout: time.Second, Watchdog: time.Minute,
			Restart: host.Restart{When: host.RestartOnFailure, Max: 10_000, Within: time.Second, Initial: time.Millisecond, Cap: time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		waiting, err := r.Add(host.Spec{ID: "wait", Kind: "wait", Mode: host.Async})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantNoGrowth(t, func(n int) {
			enough := failing.Attempts() + n
			awaitSoon(t, "restarts", func() bool { return failing.Attempts() > enough })
			for range n / 10 {
				if err := waiting.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(10 * time.Second) // of the window, the grace and the start timeout
		})
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// wantNoGrowth does something a thousand times and then ten thousand times, after
// which no more may be in use than before.
func wantNoGrowth(t *testing.T, do func(n int)) {
	t.Helper()
	use := func(n int) uint64 {
		do(n)
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	before := use(1_000)
	if after := use(10_000); after > before+512<<10 {
		t.Errorf("%d bytes are in use, %d were before", after, before)
	}
}
