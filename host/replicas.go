package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Replicas are tasks that differ in nothing but their ids: NAME-1, NAME-2, and so
// on. [Runner.AddReplicas] makes them; the methods are safe from any goroutine.
type Replicas struct {
	runner *Runner
	spec   Spec

	scaling sync.Mutex // one Scale at a time
	handles []*Handle  // under runner.mu
}

// AddReplicas adds n tasks, of which spec.ID is the common name: other tasks need
// all of them by it. n may be 0. It fails as [Runner.Add] does, and then none was
// added.
func (r *Runner) AddReplicas(spec Spec, n int) (*Replicas, error) {
	if n < 0 || n > maxReplicas {
		return nil, &SpecError{Task: spec.ID, Err: fmt.Errorf("%d replicas: give 0 to %d", n, maxReplicas)}
	}
	s := &Replicas{runner: r, spec: spec}
	if err := r.addSet(s); err != nil {
		return nil, &SpecError{Task: spec.ID, Err: err}
	}
	if err := s.Scale(context.Background(), n); err != nil {
		_ = s.Scale(context.Background(), 0)
		r.mu.Lock()
		delete(r.sets, spec.ID)
		r.mu.Unlock()
		return nil, err
	}
	return s, nil
}

// maxReplicas is what nobody means to exceed.
const maxReplicas = 100_000

func (r *Runner) addSet(s *Replicas) error {
	checked, err := s.spec.check(r.config)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.state >= RunStopping:
		return ErrStopping
	case r.ids[checked.id] != nil, r.sets[checked.id] != nil:
		return ErrDuplicateID
	}
	if r.sets == nil {
		r.sets = make(map[string]*Replicas)
	}
	r.sets[checked.id] = s
	return nil
}

// Scale sets how many replicas there are. It adds those that are missing, which
// begin at once if the runner runs, or stops and removes the last ones, and then
// returns when they have ended, with the errors of those that ended with one. It
// fails with [ErrStopping] if tasks are missing but a stop has begun.
func (s *Replicas) Scale(ctx context.Context, n int) error {
	if n < 0 || n > maxReplicas {
		return fmt.Errorf("%d replicas of %q: give 0 to %d", n, s.spec.ID, maxReplicas)
	}
	s.scaling.Lock()
	defer s.scaling.Unlock()
	handles := s.Handles()
	for i := len(handles); i < n; i++ {
		spec := s.spec
		spec.ID = fmt.Sprintf("%s-%d", s.spec.ID, i+1)
		if _, err := s.runner.add(spec, s); err != nil {
			return &SpecError{Task: spec.ID, Err: err}
		}
	}
	if n >= len(handles) {
		return nil
	}
	surplus := handles[n:]
	err := s.runner.stop(ctx, surplus, s.runner.caller(ctx, surplus), "scaled down")
	var errs []error
	for _, h := range slices.Backward(surplus) {
		errs = append(errs, s.runner.forget(h))
	}
	return errors.Join(append([]error{err}, errs...)...)
}

// Handles returns the replicas that there are, NAME-1 first.
func (s *Replicas) Handles() []*Handle {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	return slices.Clone(s.handles)
}

// Remove stops the task of that id, as [Handle.Stop] does, and forgets it: its id
// may be used again, and its handle stays valid. Its failure, if it had one, still
// counts. Tasks that wait for it never start; those that run are left alone. It
// returns what the stop returned, and fails with [ErrUnknownTask].
func (r *Runner) Remove(ctx context.Context, id string) error {
	r.mu.Lock()
	h := r.ids[id]
	r.mu.Unlock()
	if h == nil {
		return fmt.Errorf("%w %q", ErrUnknownTask, id)
	}
	err := r.stop(ctx, []*Handle{h}, r.caller(ctx, []*Handle{h}), "removed")
	return errors.Join(err, r.forget(h))
}

// forget removes a task that has ended, or is about to.
func (r *Runner) forget(h *Handle) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids[h.job.id] != h {
		return fmt.Errorf("%w %q", ErrUnknownTask, h.job.id)
	}
	is := func(other *Handle) bool { return other == h }
	delete(r.ids, h.job.id)
	r.handles = slices.DeleteFunc(slices.Clone(r.handles), is)
	h.group.members = slices.DeleteFunc(slices.Clone(h.group.members), is)
	if set := r.sets[h.set]; set != nil {
		set.handles = slices.DeleteFunc(slices.Clone(set.handles), is)
	}
	for _, d := range h.job.needs {
		r.dependents[d.name] = slices.DeleteFunc(slices.Clone(r.dependents[d.name]), is)
	}
	h.wakeDependentsLocked()
	return nil
}
