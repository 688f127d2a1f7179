package view

import (
	"slices"
	"strings"
)

// heard are the newest log lines of each task that were shown: a failure that has them
// as the last words of its process need not say them again.
type heard map[string][]string

// mostHeard is as many lines as the host keeps of a process's stderr, and its headline.
const mostHeard = 21

func (h heard) note(r Record) {
	lines := h[r.Task]
	if len(lines) == mostHeard {
		lines = slices.Delete(lines, 0, 1)
	}
	h[r.Task] = append(lines, r.Message)
}

// rest is the failure of a task without what was shown.
func (h heard) rest(task string, f *Failure) *Failure {
	rest := *f
	rest.Stderr = nil
	for _, line := range f.Stderr {
		if !h.has(task, line) {
			rest.Stderr = append(rest.Stderr, line)
			continue
		}
		rest.Message = strings.TrimSuffix(rest.Message, " (stderr: "+strings.TrimSpace(line)+")")
	}
	return &rest
}

// has reports whether a line was shown. The host may have cut it, or taken the error in it
// from a field.
func (h heard) has(task, line string) bool {
	begin, cut := strings.CutSuffix(line, "...")
	return slices.ContainsFunc(h[task], func(shown string) bool {
		return shown == line || strings.HasPrefix(line, shown+": ") || cut && strings.HasPrefix(shown, begin)
	})
}
