package main

import (
	"context"
	"runtime"
	"time"
)

// keptAtOnce is how many plugins run while it is counted what each takes of the host.
const keptAtOnce = 100

func processCost(p *program) workload {
	return workload{
		name: "process-cost", title: "what a running plugin process takes of its host, of 100",
		quantities: []quantity{
			{name: "heap and stacks", unit: bytes, targets: []target{{against: goPluginPlain, atMost: 1.3}}},
			{name: "goroutines", unit: pieces, targets: []target{{against: goPluginPlain, atMost: 1.3}}},
		},
		sides: []side{
			{name: "process mode", run: p.costOurs(keptAtOnce)},
			{name: goPluginPlain, run: p.costTheirs(keptAtOnce)},
		},
	}
}

// takings are what this process takes of the machine.
type takings struct{ bytes, goroutines float64 }

// settle waits until what is only passing has passed: when the number of goroutines
// stays the same for a while.
func settle() {
	for last := -1; last != runtime.NumGoroutine(); {
		last = runtime.NumGoroutine()
		time.Sleep(50 * time.Millisecond)
	}
}

// takingsNow counts what is in use.
func takingsNow() takings {
	settle()
	runtime.GC()
	runtime.GC() // what the first one has finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return takings{float64(m.HeapAlloc + m.StackInuse), float64(runtime.NumGoroutine())}
}

// each shares out between n plugins what has come since then.
func (t takings) each(n int) []float64 {
	now := takingsNow()
	return []float64{(now.bytes - t.bytes) / float64(n), (now.goroutines - t.goroutines) / float64(n)}
}

// costOurs counts the runner, its keeper and its events with the plugins.
func (p *program) costOurs(n int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		before := takingsNow()
		return p.atInn(func(_ context.Context, i *inn) ([]float64, error) {
			if err := i.park(n); err != nil {
				return nil, err
			}
			return before.each(n), nil
		})(ctx)
	}
}

func (p *program) costTheirs(n int) measurement {
	return func(ctx context.Context) ([]float64, error) {
		before := takingsNow()
		hosts, err := p.parkGoPlugins(ctx, n)
		cost := before.each(n)
		closeAll(hosts)
		return cost, err
	}
}
