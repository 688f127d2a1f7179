package schema

import "strings"

// Nearest is the one of known that name was most probably meant to be, or "" if
// none is near: more than a third of the letters would have to change. Upper and
// lower case are the same. Of two that are equally near, the first counts.
func Nearest(name string, known []string) string {
	const longest = 64 // a longer name is not a slip of the finger
	if len(name) > longest {
		return ""
	}
	best, least := "", max(1, len([]rune(name))/3)+1
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		if d := edits([]rune(strings.ToLower(name)), []rune(strings.ToLower(k))); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// edits counts the insertions, deletions, replacements and swaps of neighbours
// that make a into b: the distance of Damerau and Levenshtein in its form of
// "optimal string alignment".
func edits(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
