package host

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Replicas are tasks that differ in nothing but their ids: NAME-1, NAME-2, and so
// on. [Runner.AddReplicas] makes them; the methods are safe from any goroutine.
type Replicas struct {
	runner  *Runner
	spec    Spec
	needs   []dependency
	index   int           // in the order of Add
	scaling chan struct{} // full while a Scale is under way
	handles []*Handle     // in the order of their numbers; under runner.mu
}

// AddReplicas adds n tasks, of which spec.ID is the common name: other tasks need
// all of them by it. n may be 0. It fails as [Runner.Add] does, and then none was
// added.
func (r *Runner) AddReplicas(spec Spec, n int) (*Replicas, error) {
	if n < 0 || n > maxReplicas {
		return nil, &SpecError{Task: spec.ID, Err: fmt.Errorf("%d replicas: give 0 to %d", n, maxReplicas)}
	}
	s := &Replicas{runner: r, spec: spec, scaling: make(chan struct{}, 1)}
	if err := r.addSet(s); err != nil {
		return nil, &SpecError{Task: spec.ID, Err: err}
	}
	if err := s.Scale(context.Background(), n); err != nil {
		_ = s.Scale(context.Background(), 0)
		r.lock()
		delete(r.sets, spec.ID)
		r.unlock()
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
	s.needs = checked.needs
	r.lock()
	defer r.unlock()
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
	s.index = r.added
	r.added++
	return nil
}

// Scale sets how many replicas there are. It adds those that are missing, with the
// lowest numbers that are free, which begin at once if the runner runs; or it stops
// and removes those with the highest numbers, and then returns when they have ended,
// with the errors of those that ended with one. One Scale happens at a time; it fails
// with ctx's cause if ctx ends before its turn, and with [ErrStopping] if tasks are
// missing but a stop has begun.
func (s *Replicas) Scale(ctx context.Context, n int) error {
	if n < 0 || n > maxReplicas {
		return fmt.Errorf("%d replicas of %q: give 0 to %d", n, s.spec.ID, maxReplicas)
	}
	caller := s.runner.caller(ctx)
	if err := s.takeTurn(ctx, caller); err != nil {
		return err
	}
	defer func() { <-s.scaling }()
	missing, surplus := s.compare(n)
	for _, id := range missing {
		spec := s.spec
		spec.ID = id
		if _, err := s.runner.add(&spec, s); err != nil {
			return &SpecError{Task: id, Err: err}
		}
	}
	return s.runner.remove(ctx, surplus, caller, "scaled down")
}

// takeTurn waits for the end of other Scales, one of which may be waiting for the
// task that is calling.
func (s *Replicas) takeTurn(ctx context.Context, caller *try) (err error) {
	select {
	case s.scaling <- struct{}{}:
		return nil
	default:
	}
	wait := func() {
		select {
		case s.scaling <- struct{}{}:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if caller == nil {
		wait()
	} else {
		caller.execution.await(ctx, wait)
	}
	return err
}

// compare finds which replicas there are too few or too many.
func (s *Replicas) compare(n int) (missing []string, surplus []*Handle) {
	s.runner.lock()
	defer s.runner.unlock()
	taken := make(map[string]bool, len(s.handles))
	var present []*Handle
	for _, h := range s.handles {
		taken[h.job.id] = true
		if !h.leaving {
			present = append(present, h)
		}
	}
	if len(present) > n {
		return nil, present[n:]
	}
	for i := 1; len(missing) < n-len(present); i++ {
		if id := fmt.Sprintf("%s-%d", s.spec.ID, i); !taken[id] {
			missing = append(missing, id)
		}
	}
	return missing, nil
}

// insertLocked takes a new replica in.
func (s *Replicas) insertLocked(h *Handle) {
	at, _ := slices.BinarySearchFunc(s.handles, h, func(a, b *Handle) int {
		return cmp.Or(len(a.job.id)-len(b.job.id), cmp.Compare(a.job.id, b.job.id))
	})
	s.handles = slices.Insert(s.handles, at, h)
}

// Handles returns the replicas that there are, NAME-1 first.
func (s *Replicas) Handles() []*Handle {
	s.runner.lock()
	defer s.runner.unlock()
	return slices.DeleteFunc(slices.Clone(s.handles), func(h *Handle) bool { return h.leaving })
}
