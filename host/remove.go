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
	r.lock()
	h := r.ids[id]
	r.unlock()
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
	r.lock()
	for _, h := range handles {
		h.leaving = true
	}
	for _, h := range handles {
		h.wakeDependentsLocked() // who needs replicas, needs these no more
	}
	r.unlock()
	err := r.stop(ctx, handles, caller, cause)
	r.lock()
	defer r.unlock()
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
		for d := range r.dependents[h.job.id].all() {
			if d.state == StateWaiting {
				d.proceedLocked(d.waitCauseLocked())
			}
		}
	}
}

// dropLocked takes tasks out of all lists.
func (r *Runner) dropLocked(gone map[*Handle]bool) {
	sets := make(map[*Replicas]bool)
	for h := range gone {
		h.gone = true
		r.handles.left(1)
		if h.group != r.group {
			h.group.members.left(1)
		}
		if set := r.sets[h.set]; set != nil {
			sets[set] = true
		}
		for _, d := range h.job.needs {
			if !r.dependents[d.name].left(1) {
				delete(r.dependents, d.name)
			}
		}
	}
	for set := range sets { // others may be reading its list: what is left is copied
		set.handles = slices.DeleteFunc(slices.Clone(set.handles), func(h *Handle) bool { return h.gone })
	}
}
