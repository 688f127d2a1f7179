package host

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/host/schema"
)

// Check finds what is wrong with the needs of the tasks that were added: names
// that are no task's, and cycles. It returns a [*SpecError] for each task that is
// wrong, joined. Start calls it; a caller that wants to know before may do so.
func (r *Runner) Check() error {
	r.lock()
	defer r.unlock()
	return r.checkNeedsLocked()
}

func (r *Runner) checkNeedsLocked() error {
	if len(r.dependents) == 0 && len(r.sets) == 0 {
		return nil
	}
	var errs []error
	for h := range r.handles.all() {
		for _, name := range r.unknownLocked(h.job.needs) {
			errs = append(errs, &SpecError{Task: h.job.id, Err: r.unknownNeedLocked(name)})
		}
	}
	if cycle := r.cycleLocked(r.namesLocked()); cycle != nil {
		errs = append(errs, &SpecError{Task: cycle[0], Err: &CycleError{Tasks: cycle}})
	}
	return join(errs)
}

// checkNeedsLocked finds what is wrong with the needs of a task that is added to a
// runner that runs.
func (h *Handle) checkNeedsLocked(set *Replicas) error {
	r := h.runner
	var errs []error
	for _, name := range r.unknownLocked(h.job.needs) {
		if name != h.job.id {
			errs = append(errs, r.unknownNeedLocked(name))
		}
	}
	// Others need the new task already only if there was one of that name before.
	needed := r.dependents[h.job.id] != nil || set != nil && r.dependents[set.spec.ID] != nil
	if needed || slices.ContainsFunc(h.job.needs, func(d dependency) bool { return d.name == h.job.id }) {
		r.ids[h.job.id] = h
		if cycle := r.cycleLocked([]string{h.job.id}); cycle != nil {
			errs = append(errs, &CycleError{Tasks: cycle})
		}
		delete(r.ids, h.job.id)
	}
	return join(errs)
}

func (r *Runner) unknownLocked(needs []dependency) []string {
	var names []string
	for _, d := range needs {
		if _, found := r.namedLocked(d.name); !found {
			names = append(names, d.name)
		}
	}
	return names
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
	Tasks []string // or names of Replicas; each needs the next one, and the last the first
}

func (e *CycleError) Error() string {
	return "its needs go in a circle: " + strings.Join(append(slices.Clone(e.Tasks), e.Tasks[0]), " needs ")
}

// namesLocked are the names that a task can need, in the order of Add.
func (r *Runner) namesLocked() []string {
	names := slices.Collect(maps.Keys(r.sets))
	for h := range r.handles.all() {
		if h.set == "" {
			names = append(names, h.job.id)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(r.indexLocked(a), r.indexLocked(b)) })
	return names
}

// indexLocked is the place of a name in the order of Add.
func (r *Runner) indexLocked(name string) int {
	if h := r.ids[name]; h != nil {
		return h.index
	}
	return r.sets[name].index
}

// needsLocked are the needs of what has that name. Replicas are needed as one, and
// need what each of them does: a circle is one whether there are any or not.
func (r *Runner) needsLocked(name string) []dependency {
	if h := r.ids[name]; h != nil {
		return h.job.needs
	}
	if set := r.sets[name]; set != nil {
		return set.needs
	}
	return nil
}

// cycleLocked finds tasks that need each other, among those that names lead to. It
// begins with the first that was added.
func (r *Runner) cycleLocked(names []string) []string {
	const open, closed = 1, 2
	color := make(map[string]int)
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		switch color[name] {
		case closed:
			return nil
		case open:
			return slices.Clone(path[slices.Index(path, name):])
		}
		color[name] = open
		path = append(path, name)
		for _, d := range r.needsLocked(name) {
			if cycle := visit(d.name); cycle != nil {
				return cycle
			}
		}
		path = path[:len(path)-1]
		color[name] = closed
		return nil
	}
	for _, name := range names {
		if cycle := visit(name); cycle != nil {
			first := slices.MinFunc(cycle, func(a, b string) int { return cmp.Compare(r.indexLocked(a), r.indexLocked(b)) })
			at := slices.Index(cycle, first)
			return slices.Concat(cycle[at:], cycle[:at])
		}
	}
	return nil
}
