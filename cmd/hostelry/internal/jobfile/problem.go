package jobfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
)

// Position is a place in a text. Lines and columns count from 1, columns in
// characters.
type Position struct{ Line, Column int }

// Problem is one thing that is wrong with a job file.
type Problem struct {
	File string // as the user wrote it
	Position
	Message string // what is wrong and what is expected, in one line
}

// Error is FILE:LINE:COLUMN: MESSAGE, as compilers print it. Without a position,
// where the file itself could not be read, it is FILE: MESSAGE.
func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems is everything that is wrong with a job file, in the order of the file.
type Problems []Problem //nolint:recvcheck // only what adds needs a pointer

// Error is one line for each problem.
func (all Problems) Error() string {
	lines := make([]string, len(all))
	for i, p := range all {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is nil if there is no problem, else all of them as an error.
func (all Problems) Err() error {
	if len(all) == 0 {
		return nil
	}
	return all
}

// add adds a problem at a position.
func (all *Problems) add(at Position, format string, args ...any) {
	*all = append(*all, Problem{Position: at, Message: fmt.Sprintf(format, args...)})
}

// none reports whether there is no problem at a position.
func (all Problems) none(at Position) bool {
	return !slices.ContainsFunc(all, func(p Problem) bool { return p.Position == at })
}

// noneIn reports whether there is no problem with a value, or with what is in it.
func (all Problems) noneIn(n *node) bool {
	for _, f := range n.fields {
		if !all.none(f.at) || !all.noneIn(f.value) {
			return false
		}
	}
	return all.none(n.at) && !slices.ContainsFunc(n.items, func(item *node) bool { return !all.noneIn(item) })
}

// addError adds an error of the host's, in one line, at a position.
func (all *Problems) addError(at Position, err error) {
	all.add(at, "%s", terminal.Clean(err.Error()))
}

// Join is the problems of several errors, of which each is nil or Problems, in
// the order of the file, each once.
func Join(errs ...error) Problems {
	var all Problems
	for _, err := range errs {
		if some, ok := errors.AsType[Problems](err); ok {
			all = append(all, some...)
		}
	}
	return all.inOrder()
}

// sorted is the problems of a file in its order, each once.
func (all Problems) sorted(file string) Problems {
	for i := range all {
		all[i].File = file
	}
	return all.inOrder()
}

func (all Problems) inOrder() Problems {
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(all)
}
