package main

import (
	"regexp"
	"slices"
	"testing"
)

// TestWorkloads: what the workloads say about themselves fits together.
func TestWorkloads(t *testing.T) {
	var seen []string
	for _, w := range workloads(newPlugin()) {
		t.Run(w.name, func(t *testing.T) {
			if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(w.name) || slices.Contains(seen, w.name) {
				t.Error("the name is not of words joined by hyphens, or taken")
			}
			seen = append(seen, w.name)
			if w.title == "" || len(w.quantities) == 0 || len(w.sides) == 0 {
				t.Error("title, quantities or sides are missing")
			}
			var sides []string
			for _, s := range w.sides {
				if s.name == "" || s.run == nil || slices.Contains(sides, s.name) {
					t.Errorf("side %q has no name or run, or its name is taken", s.name)
				}
				sides = append(sides, s.name)
			}
			for _, q := range w.quantities {
				for _, goal := range q.targets {
					if goal.against != "" && !slices.Contains(sides[1:], goal.against) {
						t.Errorf("a target of %q is against %q, which is no other side", q.name, goal.against)
					}
					if (goal.atMost > 0) == (goal.atLeast > 0) {
						t.Errorf("a target of %q needs either atMost or atLeast", q.name)
					}
				}
			}
		})
	}
}

func TestMet(t *testing.T) {
	for _, test := range []struct {
		target target
		value  float64
		met    bool
	}{
		{target{atMost: 2}, 2, true},
		{target{atMost: 2}, 2.01, false},
		{target{atLeast: 2}, 2, true},
		{target{atLeast: 2}, 1.99, false},
	} {
		if met := test.target.met(test.value); met != test.met {
			t.Errorf("%+v met by %v: %v", test.target, test.value, met)
		}
	}
}
