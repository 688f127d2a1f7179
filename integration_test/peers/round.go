package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// result is what came of a workload.
type result struct {
	workload workload
	missing  string // what the machine lacks for it
	err      error  // of its set-up
	sides    []sample
}

// sample is what one side measured.
type sample struct {
	missing string      // what the machine lacks for it
	err     error       // which ended its rounds
	values  [][]float64 // by quantity, then by round
}

// complete reports whether the side took part in every round.
func (s sample) complete() bool { return s.missing == "" && s.err == nil && len(s.values) > 0 }

// measure runs the workload's sides in turn, each once a round, and writes to
// progress what it is about to do.
func (w workload) measure(ctx context.Context, rounds int, progress io.Writer) (res result) {
	res = result{workload: w}
	if w.missing != nil {
		res.missing = w.missing()
	}
	if res.missing != "" {
		return res
	}
	if w.setUp != nil {
		cleanUp, err := w.setUp(ctx)
		if err != nil {
			res.err = err
			return res
		}
		defer cleanUp()
	}
	res.sides = make([]sample, len(w.sides))
	for i, s := range w.sides {
		if s.missing != nil {
			res.sides[i].missing = s.missing()
		}
	}
	for round := range rounds {
		for _, i := range order(len(w.sides), round) {
			if s := &res.sides[i]; s.missing == "" && s.err == nil {
				fmt.Fprintf(progress, "%s: round %d of %d: %s\n", w.name, round+1, rounds, w.sides[i].name)
				w.once(ctx, w.sides[i], s)
			}
		}
	}
	return res
}

// patience is how long one side may take.
const patience = 3 * time.Minute

// once runs a side and keeps what it measured.
func (w workload) once(ctx context.Context, s side, kept *sample) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it took longer than %v", patience))
	defer cancel()
	runtime.GC() // no side pays for the garbage of the one before
	values, err := s.run(ctx)
	switch {
	case ctx.Err() != nil:
		kept.err = context.Cause(ctx)
	case err != nil:
		kept.err = err
	case len(values) != len(w.quantities):
		kept.err = fmt.Errorf("measured %d numbers, where the workload has %d quantities", len(values), len(w.quantities))
	}
	if kept.err != nil {
		return
	}
	if kept.values == nil {
		kept.values = make([][]float64, len(values))
	}
	for q, v := range values {
		kept.values[q] = append(kept.values[q], v)
	}
}

// order is the sides' order in a round. Over the rounds each side comes first, and
// right after each other one, equally often: what one leaves behind in caches and heap
// favours or harms none alone. A zigzag, moved on by one each round, does that for an
// even number of sides; an odd one needs it backwards too.
func order(sides, round int) []int {
	zigzag := make([]int, 0, sides) // 0, n-1, 1, n-2, 2 ...
	for low, high := 0, sides-1; low <= high; low, high = low+1, high-1 {
		zigzag = append(zigzag, low)
		if low < high {
			zigzag = append(zigzag, high)
		}
	}
	for i := range zigzag {
		zigzag[i] = (zigzag[i] + round) % sides
	}
	if sides%2 == 1 && round%2 == 1 {
		slices.Reverse(zigzag)
	}
	return zigzag
}
