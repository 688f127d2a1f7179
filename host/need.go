package host

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Need is what a task needs of another before each of its attempts.
type Need uint8

// The needs. Started and Ready hold for as long as the other task runs, and stay
// met when it succeeds. Of [Replicas] each one must meet the need, so that it is met
// where there are none. A need that can never be met any more, because the other task
// has failed for good, or was removed, ends the task that has it as never started. If
// it has run before, and was to begin again, it has failed.
const (
	NeedStarted   Need = iota + 1 // it runs
	NeedReady                     // it runs and is ready
	NeedSucceeded                 // it has succeeded
	NeedEnded                     // it has ended, in whatever way
)

var needNames = [...]string{NeedStarted: "started", NeedReady: "ready", NeedSucceeded: "succeeded", NeedEnded: "ended"}

// ParseNeed is the inverse of String.
func ParseNeed(name string) (Need, error) {
	return parse(name, "need", []Need{NeedStarted, NeedReady, NeedSucceeded, NeedEnded})
}

// String is "started", "ready", "succeeded" or "ended".
func (n Need) String() string {
	if n > 0 && int(n) < len(needNames) {
		return needNames[n]
	}
	return fmt.Sprintf("Need(%d)", uint8(n))
}

// MarshalText writes String.
func (n Need) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// words is the need as what another task is to do.
func (n Need) words() string {
	return [...]string{NeedStarted: "to start", NeedReady: "to be ready", NeedSucceeded: "to succeed", NeedEnded: "to end"}[n]
}

// dependency is one need of a task.
type dependency struct {
	name string // of a task, or of replicas
	need Need
}

// dependencies are a Spec's needs in the order of their names.
func dependencies(needs map[string]Need) ([]dependency, error) {
	if len(needs) == 0 {
		return nil, nil
	}
	var list []dependency
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if n := needs[name]; n == 0 || int(n) >= len(needNames) {
			_, err := ParseNeed(n.String())
			return nil, fmt.Errorf("needs %q: %w", name, err)
		}
		list = append(list, dependency{name, needs[name]})
	}
	return list, nil
}

// metLocked reports whether h is what the need asks for, and if not, whether it
// never will be.
func (h *Handle) metLocked(n Need) (met, never bool) {
	running := h.state == StateRunning
	switch n {
	case NeedStarted:
		met = running || h.state == StateSucceeded
	case NeedReady:
		met = running && h.try.ready || h.state == StateSucceeded && h.wasReady
	case NeedSucceeded:
		met = h.state == StateSucceeded
	case NeedEnded:
		met = h.over && h.state.Ended() && h.state != StateAbandoned
	}
	return met, h.over && !met
}

// unmetLocked says what the task still waits for, and names one such task, and what
// it needs but will never get. All are empty if it can begin.
func (h *Handle) unmetLocked() (unmet string, blocker *Handle, never string) {
	if len(h.job.needs) == 0 {
		return "", nil, ""
	}
	var waits []string
	waiting := 0
	for _, d := range h.job.needs {
		others, found := h.runner.namedLocked(d.name)
		if !found {
			return "", nil, fmt.Sprintf("needs %s %s, which was removed", d.name, d.need.words())
		}
		for _, other := range others {
			if other.leaving && other.job.id != d.name {
				continue
			}
			met, never := other.metLocked(d.need)
			switch {
			case never:
				return "", nil, fmt.Sprintf("needs %s %s, which %s", other.job.id, d.need.words(), other.fateLocked())
			case met:
				continue
			case len(waits) < fewWaits:
				waits = append(waits, other.job.id+" "+d.need.words())
			}
			// Any one of them, at random: whatever the order in which they are met, each
			// look leaves half of them.
			if waiting++; rand.IntN(waiting) == 0 { //nolint:gosec // it keeps no secret
				blocker = other
			}
		}
	}
	if blocker == nil {
		return "", nil, ""
	}
	unmet = "waits for " + strings.Join(waits, ", ")
	if more := waiting - len(waits); more > 0 {
		unmet += fmt.Sprintf(", and %d more", more)
	}
	return unmet, blocker, ""
}

// fewWaits is how many of the tasks that another waits for are named.
const fewWaits = 5

// fateLocked is how a task that is over has ended.
func (h *Handle) fateLocked() string {
	if h.state.Ended() {
		return h.state.String()
	}
	return "never started"
}

// namedLocked is the task of that id, or the replicas of that name, and reports
// whether there is such a name.
func (r *Runner) namedLocked(name string) ([]*Handle, bool) {
	if h := r.ids[name]; h != nil {
		return []*Handle{h}, true
	}
	set := r.sets[name]
	if set == nil {
		return nil, false
	}
	return set.handles, true
}

// dependent is a task that needs another.
type dependent struct {
	*Handle
	need Need
}

// waitCauseLocked is the cause of the attempt that waits for what the task needs.
func (h *Handle) waitCauseLocked() string {
	if h.past == nil {
		return ""
	}
	return h.past.waitCause
}

// wakeDependentsLocked has those look again whose waiting may be over because h has
// changed. Another change is not theirs to see: were each to look at all that it
// needs whenever one of that changes, it would look ten thousand times at ten
// thousand tasks.
func (h *Handle) wakeDependentsLocked() {
	if len(h.runner.dependents) > 0 {
		h.wakeLocked()
	}
}

func (h *Handle) wakeLocked() {
	for _, name := range []string{h.job.id, h.set} {
		for d := range h.runner.dependents[name].all() {
			if d.state > StateWaiting || d.over {
				continue
			}
			if _, never := h.metLocked(d.need); never || d.blocker == h {
				d.proceedLocked(d.waitCauseLocked())
			}
		}
	}
}
