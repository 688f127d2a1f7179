package schema

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a value.
type Problem struct {
	// Path leads from the root to the offending value: keys, and indexes from 0.
	// For an unknown field it is the path of that field, for a missing one the
	// path of the object that lacks it. It is empty for the root.
	Path []string
	// Key says that the place to look at is Path's last key and not the value
	// behind it: the field is unknown, its name is wrong, or a field in it is missing.
	Key bool
	// Message says what is wrong, what is expected, and the nearest right name,
	// in one line. It names the field, but not the whole path.
	Message string
}

// String is the message, with the path before it where the message alone would
// not say where: below the first level, items of a list not counted.
func (p Problem) String() string {
	level := len(p.Path)
	for level > 1 {
		if _, err := strconv.Atoi(p.Path[level-1]); err != nil {
			return join(p.Path) + ": " + p.Message
		}
		level--
	}
	return p.Message
}

// join writes a path as a.b[2].c.
func join(path []string) string {
	var b strings.Builder
	for i, key := range path {
		switch _, err := strconv.Atoi(key); {
		case err == nil && i > 0:
			b.WriteString("[" + key + "]")
		case i > 0:
			b.WriteString("." + key)
		default:
			b.WriteString(key)
		}
	}
	return b.String()
}

// comparePaths orders by place: a parent before what is in it, indexes by number,
// keys by name.
func comparePaths(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		i, errX := strconv.Atoi(x)
		j, errY := strconv.Atoi(y)
		if errX == nil && errY == nil && i != j {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(x, y)
	})
}
