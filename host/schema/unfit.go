package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxDepth bounds how deeply a value may be nested.
	maxDepth = 500
	// maxParts bounds a schema, which the library compiles in a time that grows
	// with the square of its parts: these take about a second.
	maxParts = 10_000
)

// unfit reports a value that must not reach the library: one nested too deeply,
// or a number so large that comparing it would take all memory, or fail. show
// writes the value at a path.
func unfit(path []string, v any, show func(path []string) string) (Problem, bool) {
	if len(path) > maxDepth {
		return Problem{Path: slices.Clone(path[:1]), Message: fmt.Sprintf("nested deeper than %d levels", maxDepth)}, true
	}
	switch x := v.(type) {
	case map[string]any:
		for key, item := range x {
			if p, bad := unfit(append(path, key), item, show); bad {
				return p, true
			}
		}
	case []any:
		for i, item := range x {
			if p, bad := unfit(append(path, strconv.Itoa(i)), item, show); bad {
				return p, true
			}
		}
	case json.Number:
		if !handy(x) {
			return Problem{Path: slices.Clone(path), Message: fmt.Sprintf("%s is not a number within 1e400 and 400 digits", show(path))}, true
		}
	}
	return Problem{}, false
}

// handy reports whether n is a number of a size that is quick to compare.
func handy(n json.Number) bool {
	text := string(n)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if exponent, err := strconv.Atoi(text[i+1:]); err != nil || exponent > 400 || exponent < -400 {
			return false
		}
	}
	if len(text) > 400 {
		return false
	}
	_, ok := new(big.Rat).SetString(text)
	return ok
}

// parts counts what may be a schema in a schema: objects, true and false.
func parts(v any) int {
	n := 0
	switch x := v.(type) {
	case bool:
		n = 1
	case map[string]any:
		n = 1
		for _, item := range x {
			n += parts(item)
		}
	case []any:
		for _, item := range x {
			n += parts(item)
		}
	}
	return n
}
