//go:build !race

package host_test

import "testing"

// What a task of this process costs is a contract: who adds to it has to say so here.
// The race detector allocates too, and makes stacks larger.

// noopAllocs are a task's Handle, its try, its goroutine with the function that begins
// it and the one that makes its task, and what the context package needs for a ctx: two
// objects.
const noopAllocs = 7

// TestNoopAllocs counts what is allocated for a task that does nothing. What lists and
// maps take as they grow is far less than one object a task.
func TestNoopAllocs(t *testing.T) {
	const tasks = 10_000
	c, all := benchmarked(t), names(tasks)
	run := func() {
		r := startEmpty(t, c)
		addAll(t, r, "no-op", all)
		if err := r.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	each := testing.AllocsPerRun(3, run) / tasks
	if each > noopAllocs+0.5 {
		t.Errorf("%.2f allocations a task, want %d", each, noopAllocs)
	}
}

// maxParked is the memory of a task that waits, in bytes: 2,048 are its stack, some 650
// what the runtime needs besides for a goroutine that waits on a channel, and the rest
// is ours. It is what is measured and 2 % more: a stack that has to grow, or
// another object of 100 bytes a task, is more.
const maxParked = 3_584

func TestParkedBytes(t *testing.T) {
	const tasks = 100_000
	c, all := benchmarked(t), names(tasks)
	r := startEmpty(t, c)
	before := inUse()
	addAll(t, r, "park", all)
	each := (inUse() - before) / tasks
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes a task", each)
	if each > maxParked {
		t.Errorf("%d bytes a task, want at most %d", each, maxParked)
	}
}
