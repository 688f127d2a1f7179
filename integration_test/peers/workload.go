package main

import "context"

// workload is one thing that users do, done by us and by what they would pick
// instead.
type workload struct {
	name       string // for --only: words joined by hyphens, the general one first
	title      string // for the table
	quantities []quantity
	sides      []side // ours first

	// missing says what the machine lacks for the whole workload, such as an
	// operating system, or "". nil is nothing.
	missing func() string
	// setUp is called once before the first round, and what it returns once after the
	// last one, also after a failure. nil is nothing.
	setUp func(ctx context.Context) (cleanUp func(), err error)
}

// quantity is what each side of a workload measures: a number in a unit.
type quantity struct {
	name    string // "" if the workload measures only this
	unit    unit
	targets []target
}

// side is one way to do the workload's work.
type side struct {
	name  string
	limit bool // nobody would pick it: it shows how much the machine can do at best
	// missing says what the machine lacks for this side, or "". nil is nothing.
	missing func() string
	run     measurement
}

// measurement does the work once, and returns what it measured, a number for each of
// the workload's quantities, in seconds, bytes or whatever their units are. It leaves
// nothing behind: the next side begins when it returns.
type measurement func(ctx context.Context) ([]float64, error)

// target is what ours is to reach, by the median of all rounds.
type target struct {
	against string  // the name of the side that ours is divided by; "" for ours as it is
	atMost  float64 // either this
	atLeast float64 // or this
	// wall says what stands in the way of a target that is not met, as a profile
	// shows it, and what would move it. It stands below the table.
	wall string
}

func (t target) met(value float64) bool {
	if t.atLeast > 0 {
		return value >= t.atLeast
	}
	return value <= t.atMost
}

// workloads are all of them, in the table's order. The processes are the program's.
func workloads(p *program) []workload {
	return append(inProcess(), inPlugins(p)...)
}
