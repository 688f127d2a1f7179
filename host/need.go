package host

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/host/schema"
)

// Need is what a task needs of another before each of its attempts.
type Need uint8

// The needs. Started and Ready hold for as long as the other task runs, and stay
// met when it succeeds. A need that can never be met any more, because the other
// task has failed for good, say, ends the task that has it as never started.
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

// unmetLocked says what the task still waits for, and what it needs but will never
// get. Both are empty if it can begin.
func (h *Handle) unmetLocked() (unmet, never string) {
	var waits []string
	for _, d := range h.job.needs {
		others := h.runner.namedLocked(d.name)
		if len(others) == 0 {
			return "", fmt.Sprintf("needs %s %s, which was removed", d.name, d.need.words())
		}
		for _, other := range others {
			met, never := other.metLocked(d.need)
			if never {
				return "", fmt.Sprintf("needs %s %s, which %s", other.job.id, d.need.words(), other.fateLocked())
			}
			if !met {
				waits = append(waits, other.job.id+" "+d.need.words())
			}
		}
	}
	if len(waits) > 0 {
		unmet = "waits for " + strings.Join(waits, ", ")
	}
	return unmet, ""
}

// fateLocked is how a task that is over has ended.
func (h *Handle) fateLocked() string {
	if h.state.Ended() {
		return h.state.String()
	}
	return "never started"
}

// namedLocked is the task of that id, or the replicas of that name.
func (r *Runner) namedLocked(name string) []*Handle {
	if h := r.ids[name]; h != nil {
		return []*Handle{h}
	}
	if set := r.sets[name]; set != nil {
		return set.handles
	}
	return nil
}

// wakeDependentsLocked has those look again that wait for what has changed.
func (h *Handle) wakeDependentsLocked() {
	r := h.runner
	if len(r.dependents) == 0 {
		return
	}
	for _, name := range []string{h.job.id, h.set} {
		if name == "" {
			continue
		}
		for _, d := range r.dependents[name] {
			if d.state == StateWaiting && d.round == nil && !d.over {
				d.proceedLocked(d.waitCause)
			}
		}
	}
}

// Check finds what is wrong with the needs of the tasks that were added: names
// that are no task's, and cycles. It returns a [*SpecError] for each task that is
// wrong, joined. Start calls it; a caller that wants to know before may do so.
func (r *Runner) Check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checkNeedsLocked(r.handles)
}

func (r *Runner) checkNeedsLocked(handles []*Handle) error {
	if len(r.dependents) == 0 {
		return nil
	}
	var errs []error
	for _, h := range handles {
		for _, d := range h.job.needs {
			if len(r.namedLocked(d.name)) == 0 && r.sets[d.name] == nil {
				errs = append(errs, &SpecError{Task: h.job.id, Err: r.unknownNeedLocked(d.name)})
			}
		}
	}
	if cycle := r.cycleLocked(); cycle != nil {
		errs = append(errs, &SpecError{Task: cycle[0], Err: &CycleError{Tasks: cycle}})
	}
	return join(errs)
}

// checkNeedsLocked finds what is wrong with the needs of a task that is added to a
// runner that runs.
func (h *Handle) checkNeedsLocked() error {
	var errs []error
	for _, d := range h.job.needs {
		switch {
		case d.name == h.job.id:
			errs = append(errs, &CycleError{Tasks: []string{d.name}})
		case len(h.runner.namedLocked(d.name)) == 0:
			errs = append(errs, h.runner.unknownNeedLocked(d.name))
		}
	}
	return join(errs)
}

func (r *Runner) unknownNeedLocked(name string) error {
	names := slices.Concat(slices.Collect(maps.Keys(r.ids)), slices.Collect(maps.Keys(r.sets)))
	return &UnknownNameError{What: "task", Name: name, Nearest: schema.Nearest(name, names)}
}

func (r *Runner) unknownGroupLocked(name string) error {
	return &UnknownNameError{What: "group", Name: name, Nearest: schema.Nearest(name, slices.Collect(maps.Keys(r.groups)))}
}

// UnknownNameError says that a task names another task, or a group, that there is not.
type UnknownNameError struct {
	What    string // "task" or "group"
	Name    string // as given
	Nearest string // the name that was most likely meant, or ""
}

func (e *UnknownNameError) Error() string {
	text := fmt.Sprintf("there is no %s %q", e.What, e.Name)
	if e.Nearest != "" {
		text += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return text
}

// CycleError says that tasks need each other, so that none of them can begin.
type CycleError struct {
	Tasks []string // each needs the next one, and the last the first
}

func (e *CycleError) Error() string {
	return "its needs go in a circle: " + strings.Join(append(slices.Clone(e.Tasks), e.Tasks[0]), " needs ")
}

// cycleLocked finds tasks that need each other, beginning with the first that was added.
func (r *Runner) cycleLocked() []string {
	const open, closed = 1, 2
	color := make(map[*Handle]int, len(r.handles))
	var path []string
	var visit func(h *Handle) []string
	visit = func(h *Handle) []string {
		if color[h] == closed {
			return nil
		}
		if color[h] == open {
			return slices.Clone(path[slices.Index(path, h.job.id):])
		}
		color[h] = open
		path = append(path, h.job.id)
		for _, d := range h.job.needs {
			for _, other := range r.namedLocked(d.name) {
				if cycle := visit(other); cycle != nil {
					return cycle
				}
			}
		}
		path = path[:len(path)-1]
		color[h] = closed
		return nil
	}
	for _, h := range r.handles {
		if cycle := visit(h); cycle != nil {
			first := slices.MinFunc(cycle, func(a, b string) int { return cmp.Compare(r.ids[a].index, r.ids[b].index) })
			at := slices.Index(cycle, first)
			return slices.Concat(cycle[at:], cycle[:at])
		}
	}
	return nil
}
