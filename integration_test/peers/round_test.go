package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// TestOrder: in twice as many rounds as there are sides each one comes first twice,
// and twice right after each other one.
func TestOrder(t *testing.T) {
	for sides := 1; sides <= 8; sides++ {
		first := make([]int, sides)
		after := make(map[[2]int]int)
		for round := range 2 * sides {
			turn := order(sides, round)
			if sorted := slices.Sorted(slices.Values(turn)); len(slices.Compact(sorted)) != sides || sorted[sides-1] != sides-1 {
				t.Fatalf("%d sides, round %d: %v", sides, round, turn)
			}
			first[turn[0]]++
			for i := 1; i < sides; i++ {
				after[[2]int{turn[i-1], turn[i]}]++
			}
		}
		for side, times := range first {
			if times != 2 {
				t.Errorf("%d sides: %d comes first %d times", sides, side, times)
			}
		}
		for pair, times := range after {
			if times != 2 || len(after) != sides*(sides-1) {
				t.Errorf("%d sides: %v in this order %d times", sides, pair, times)
			}
		}
	}
}

// says measures these numbers, one a round.
func says(values ...float64) measurement {
	round := 0
	return func(context.Context) ([]float64, error) {
		round++
		return []float64{values[round-1]}, nil
	}
}

func TestMeasure(t *testing.T) {
	var calls []string
	w := workload{
		name: "w", quantities: []quantity{{unit: seconds}},
		setUp: func(context.Context) (func(), error) {
			calls = append(calls, "set up")
			return func() { calls = append(calls, "clean up") }, nil
		},
		sides: []side{
			{name: "good", run: says(1, 2, 3)},
			{name: "bad", run: func(context.Context) ([]float64, error) { return nil, io.ErrUnexpectedEOF }},
			{name: "absent", missing: func() string { return "a moon" }, run: says()},
			{name: "wordy", run: func(context.Context) ([]float64, error) { return []float64{1, 2}, nil }},
		},
	}
	var progress strings.Builder
	res := w.measure(t.Context(), 3, &progress)
	if got := res.sides[0]; !got.complete() || !slices.Equal(got.values[0], []float64{1, 2, 3}) {
		t.Errorf("good: %+v", got)
	}
	if got := res.sides[1]; !errors.Is(got.err, io.ErrUnexpectedEOF) || got.complete() {
		t.Errorf("bad: %+v", got)
	}
	if got := res.sides[2]; got.missing != "a moon" || got.complete() {
		t.Errorf("absent: %+v", got)
	}
	if got := res.sides[3]; got.err == nil || got.complete() {
		t.Errorf("wordy: %+v", got)
	}
	if !slices.Equal(calls, []string{"set up", "clean up"}) {
		t.Errorf("calls %v", calls)
	}
	if n := strings.Count(progress.String(), ": bad\n"); n != 1 {
		t.Errorf("a side that had failed ran %d times", n)
	}
}

func TestMeasureWithoutSetUp(t *testing.T) {
	bad := errors.New("no plugin")
	w := workload{setUp: func(context.Context) (func(), error) { return nil, bad }, sides: []side{{run: says()}}}
	if res := w.measure(t.Context(), 1, io.Discard); !errors.Is(res.err, bad) || !res.failed() {
		t.Errorf("set-up: %+v", res)
	}
	w.missing = func() string { return "Linux" }
	if res := w.measure(t.Context(), 1, io.Discard); res.missing != "Linux" || res.failed() {
		t.Errorf("missing: %+v", res)
	}
}
