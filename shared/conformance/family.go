package conformance

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// dying is how long processes that are ending may take to be gone.
const dying = 500 * time.Millisecond

// checkTaskProcesses looks for processes after the end of a task.
func checkTaskProcesses(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	p, bad := t.process()
	if bad != nil {
		return *bad
	}
	before, err := p.Family()
	if err != nil {
		return notApplicable("%v", err)
	}
	return t.attempt(func(s *session) outcome {
		if !t.firstRun().itself || !s.await(t.options.Watch, hasEnded) {
			s.stop(t.options.Grace)
		}
		if o := t.ends(s); o.verdict != Pass {
			return o
		}
		return alone(p, before, dying+t.slack(), "a task finished, and what it had started still ran")
	})
}

// alone checks that p has no processes but those of before, once those that are
// ending had the time.
func alone(p Process, before map[int]string, patience time.Duration, fault string) outcome {
	deadline := time.Now().Add(patience)
	for {
		left, err := p.Family()
		if err != nil {
			return notApplicable("%v", err)
		}
		maps.DeleteFunc(left, func(pid int, _ string) bool { return before[pid] != "" })
		switch {
		case len(left) == 0:
			return passed()
		case time.Now().After(deadline):
			return failed("%s: %s", fault, strings.Join(slices.Sorted(maps.Values(left)), ", "))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
