package main

import "fmt"

// unit is what a number is of.
type unit string

const (
	seconds   unit = "s"
	bytes     unit = "B" // 1 kB is 1000 of them
	perSecond unit = "/s"
	pieces    unit = "" // goroutines, descriptors
)

// format writes a number with three digits, and its unit.
func (u unit) format(v float64) string {
	type scale struct {
		factor float64
		prefix string
	}
	scales := []scale{{1, ""}}
	switch u {
	case seconds:
		scales = []scale{{1, ""}, {1e-3, "m"}, {1e-6, "µ"}, {1e-9, "n"}}
	case bytes:
		scales = []scale{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}
	case perSecond:
		scales = []scale{{1e6, "M"}, {1e3, "k"}, {1, ""}}
	}
	s := scales[len(scales)-1]
	for _, candidate := range scales {
		if v >= candidate.factor {
			s = candidate
			break
		}
	}
	text := digits(v / s.factor)
	if unit := s.prefix + string(u); unit != "" {
		text += " " + unit
	}
	return text
}

// digits writes v with three digits, or all that are before the point, and no more than
// three after it.
func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
