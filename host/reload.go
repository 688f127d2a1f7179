package host

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// Reload puts the plugins of c in the place of those that the runner knows, and begins
// the tasks of the plugins that are named again, with the kinds that c has. Call it
// when plugins have been built anew and c has loaded them. All other tasks are left
// alone.
//
// A task that runs is restarted as by [Handle.Restart]. One that has ended by itself
// begins anew: it gets another Handle in the place of its old one, which stays as it
// is and whose failure, if it had one, still counts. Its attempts are counted on, and
// unless it had succeeded it keeps its checkpoint. So do those begin that never
// started because of what they need, if that may come now. A task that was asked to
// stop stays stopped.
//
// It returns when all have begun, with their handles, and a [*SpecError], joined, for
// each task that goes on as it was: its kind is not there any more, or its config does
// not fit the new one. It fails with [ErrStopping] once a stop has begun or the run has
// ended, and as Restart does when ctx ends.
func (r *Runner) Reload(ctx context.Context, c *catalog.Catalog, plugins ...string) ([]*Handle, error) {
	if r.State() > RunRunning {
		return nil, ErrStopping
	}
	r.config.catalog.TakePlugins(c)
	r.config.settled.forget()
	handles := slices.DeleteFunc(r.Handles(), func(h *Handle) bool {
		return h.job.kind.IsBuiltIn() || !slices.Contains(plugins, h.job.kind.Plugin)
	})
	begun, errs := make([]*Handle, len(handles)), make([]error, len(handles))
	var reloading sync.WaitGroup
	for i, h := range handles {
		reloading.Go(func() { // ends as Restart does
			var err error
			if begun[i], err = h.reload(ctx); err != nil {
				errs[i] = &SpecError{Task: h.job.id, Err: err}
			}
		})
	}
	reloading.Wait()
	begun = append(slices.DeleteFunc(begun, func(h *Handle) bool { return h == nil }), r.unblock()...)
	return begun, join(slices.DeleteFunc(errs, func(err error) bool { return err == nil }))
}

// reload has the task begin again with what is now in the catalog. It returns the
// task's handle, or nil if the task is left as it is.
func (h *Handle) reload(ctx context.Context) (*Handle, error) {
	r, j := h.runner, h.job // a copy, to become the next attempts'
	kind, err := r.config.catalog.Find(j.kind.Plugin + "/" + j.kind.Name)
	if err != nil {
		return nil, err
	}
	if j.settings, err = r.config.settled.settle(kind, j.given); err != nil {
		return nil, err
	}
	if locked(h, func() bool { h.pastLocked().reloaded = &j; return !h.over }) {
		if err = h.Restart(ctx); !errors.Is(err, ErrEnded) {
			return h, err
		}
	}
	r.lock()
	defer r.unlock()
	switch {
	case r.state > RunRunning, h.group.stopping:
		return nil, ErrStopping
	case !h.over, h.ending, h.leaving, r.ids[j.id] != h:
		return nil, nil // somebody has asked for its end
	case h.state == StateAbandoned && !j.restart.Overlap:
		return nil, errors.New("it was abandoned, and its code may still run")
	}
	return h.anewLocked(), nil
}

// jobLocked is what the next attempt is to do.
func (h *Handle) jobLocked() *job {
	if h.past != nil && h.past.reloaded != nil {
		return h.past.reloaded
	}
	return &h.job
}

// anewLocked begins a task that is over anew, under another handle in its place.
func (h *Handle) anewLocked() *Handle {
	r, set := h.runner, h.runner.sets[h.set]
	anew := &Handle{
		runner: r, job: *h.jobLocked(), mode: h.mode, group: h.group, index: h.index, attempts: h.attempts,
	}
	if h.past != nil && h.state != StateSucceeded {
		anew.pastLocked().checkpoint = h.past.checkpoint
	}
	r.dropLocked(map[*Handle]bool{h: true})
	r.admitLocked(anew, set)
	return anew
}

// unblock begins the tasks anew that ended without having started, if what they need
// may come now, and those that need them.
func (r *Runner) unblock() []*Handle {
	r.lock()
	defer r.unlock()
	var begun []*Handle
	for more := true; more && r.state == RunRunning; {
		more = false
		for h := range r.handles.all() {
			if !h.over || h.attempts > 0 || h.ending || h.group.stopping {
				continue
			}
			if _, _, never := h.unmetLocked(); never == "" {
				begun, more = append(begun, h.anewLocked()), true
			}
		}
	}
	return begun
}
