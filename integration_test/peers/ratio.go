package main

import (
	"fmt"
	"slices"
)

// spread is the median of some numbers, the least and the greatest of them.
type spread struct{ median, least, greatest float64 }

// newSpread needs at least one number.
func newSpread(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// newRatio divides round by round, so that what slows a whole round cancels out.
func newRatio(ours, other []float64) spread {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / other[i]
	}
	return newSpread(ratios)
}

func (s spread) String() string { return s.in(digits) }

// in writes the numbers in a format.
func (s spread) in(format func(float64) string) string {
	return fmt.Sprintf("%s (%s–%s)", format(s.median), format(s.least), format(s.greatest))
}
