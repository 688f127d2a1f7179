//go:build !race

package host_test

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// What a task of this process costs is a contract: who adds to it has to say so here.
// The race detector allocates too, and makes stacks larger.

// costs are those of a task, by mode. A task that does nothing allocates its Handle, its
// try, and its attempt, which is its ctx too; in goroutine mode also the function that
// begins its goroutine.
//
// Of what a task takes that waits, 2,048 bytes are its stack. In goroutine mode some 220
// are what it needs to wait on a channel, in async mode some 270 what it takes to make a
// coroutine. The bytes are what is measured and 3 % more: a stack that has to grow, or
// another object of 100 bytes a task, is more.
var costs = []struct {
	mode          host.Mode
	allocs, bytes float64
}{
	{host.Goroutine, 4, 2_960},
	{host.Async, 3, 2_950},
}

// TestNoopAllocs counts what is allocated for a task that does nothing. What lists and
// maps take as they grow is far less than one object a task.
func TestNoopAllocs(t *testing.T) {
	const tasks = 10_000
	all := names(tasks)
	for _, c := range costs {
		each := testing.AllocsPerRun(3, func() {
			r := costing(t, c.mode, func(context.Context) error { return nil })
			addAll(t, r, "costs", all)
			if err := r.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}) / tasks
		t.Logf("%v mode: %.2f allocations a task", c.mode, each)
		if each > c.allocs+0.5 {
			t.Errorf("%v mode: %.2f allocations a task, want %v", c.mode, each, c.allocs)
		}
	}
}

// TestParkedBytes counts no bytes of what the runtime keeps for each goroutine, and has
// kept from those before. What else the machine does can only add some: a goroutine that is
// interrupted needs more stack. So one measurement of three counts.
func TestParkedBytes(t *testing.T) {
	const first, tasks = 10_000, 50_000
	_, stop := parkBare(first+tasks, false)
	stop()
	for _, c := range costs {
		least := math.Inf(1)
		for try := 0; try < 3 && least > c.bytes; try++ {
			least = min(least, parkedBytes(t, c.mode, first, tasks))
		}
		t.Logf("%v mode: %.0f bytes a task", c.mode, least)
		if least > c.bytes {
			t.Errorf("%v mode: %.0f bytes a task, want at most %v", c.mode, least, c.bytes)
		}
	}
}

// parkedBytes is what a task takes that waits. It does not count the first tasks: of those
// that there are the runtime takes how large a stack others begin with.
func parkedBytes(t *testing.T, mode host.Mode, first, tasks int) float64 {
	t.Helper()
	var parked atomic.Int64
	r := costing(t, mode, func(ctx context.Context) error {
		parked.Add(1)
		if mode == host.Async {
			return task.Sleep(ctx, time.Hour)
		}
		<-ctx.Done()
		return context.Cause(ctx)
	})
	all := names(first + tasks)
	inUse := func(want int) int64 {
		for parked.Load() < int64(want) {
			runtime.Gosched()
		}
		return inUse()
	}
	addAll(t, r, "costs", all[:first])
	before := inUse(first)
	addAll(t, r, "costs", all[first:])
	each := float64(inUse(first+tasks)-before) / float64(tasks)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return each
}

// costing starts a runner of tasks of the kind "costs" that run f.
func costing(t *testing.T, mode host.Mode, f func(context.Context) error) *host.Runner {
	t.Helper()
	run := task.Func(func(ctx context.Context) (any, error) { return nil, f(ctx) })
	kind := task.NewKind("costs", func(struct{}) (task.Task, error) { return run, nil })
	r, err := host.New(host.WithKinds(kind), host.WithMode(mode), host.WithGrace(time.Minute))
	if err == nil {
		err = r.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}
