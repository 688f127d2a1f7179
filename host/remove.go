package host

import (
	"context"
	"fmt"
	"slices"
)

// Remove stops the task of that id, as [Handle.Stop] does, and forgets it: its id
// may be used again, and its handle stays valid. Its failure, if it had one, still
// counts. Tasks that wait for it never start; those that run are left alone. It
// returns what the stop returned, and fails with [ErrUnknownTask]. A task that
// removes itself is forgotten when it has ended.
func (r *Runner) Remove(ctx context.Context, id string) error {
	r.mu.Lock()
	h := r.ids[id]
	r.mu.Unlock()
	if h == nil {
		return fmt.Errorf("%w %q", ErrUnknownTask, id)
	}
	return r.remove(ctx, []*Handle{h}, r.caller(ctx), "removed")
}

// remove stops tasks, and then forgets them.
func (r *Runner) remove(ctx context.Context, handles []*Handle, caller *try, cause string) error {
	if len(handles) == 0 {
		return nil
	}
	r.mu.Lock()
	for _, h := range handles {
		h.leaving = true
	}
	for _, h := range handles {
		h.wakeDependentsLocked() // who needs replicas, needs these no more
	}
	r.mu.Unlock()
	err := r.stop(ctx, handles, caller, cause)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetLocked(handles...)
	return err
}

// forgetLocked removes tasks that are over, and has others removed when they are.
func (r *Runner) forgetLocked(handles ...*Handle) {
	gone := make(map[*Handle]bool, len(handles))
	for _, h := range handles {
		h.forgotten = true
		if h.over && r.ids[h.job.id] == h {
			gone[h] = true
			delete(r.ids, h.job.id)
		}
	}
	r.dropLocked(gone)
	for h := range gone {
		for _, d := range r.dependents[h.job.id] {
			if d.state == StateWaiting {
				d.proceedLocked(d.waitCause)
			}
		}
	}
}

// dropLocked takes tasks out of all lists.
func (r *Runner) dropLocked(gone map[*Handle]bool) {
	if len(gone) == 0 {
		return
	}
	// Others may be reading these lists: what is left is copied.
	without := func(list []*Handle) []*Handle {
		return slices.DeleteFunc(slices.Clone(list), func(h *Handle) bool { return gone[h] })
	}
	r.handles = without(r.handles)
	needed := make(map[string]bool)
	groups, sets := make(map[*group]bool), make(map[string]bool)
	for h := range gone {
		groups[h.group], sets[h.set] = true, true
		for _, d := range h.job.needs {
			needed[d.name] = true
		}
	}
	for g := range groups {
		g.members = without(g.members)
	}
	for name := range sets {
		if set := r.sets[name]; set != nil {
			set.handles = without(set.handles)
		}
	}
	for name := range needed {
		left := slices.DeleteFunc(slices.Clone(r.dependents[name]), func(d dependent) bool { return gone[d.Handle] })
		if r.dependents[name] = left; len(left) == 0 {
			delete(r.dependents, name)
		}
	}
}
