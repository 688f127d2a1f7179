package host

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Runner runs a set of tasks, of any mode, under one policy. It has one life:
// made by [New], started once, ended once. Its methods are safe from any
// goroutine, those of its own tasks included.
type Runner struct {
	config *config
	ends   ends // final

	inbox inbox
	mu    sync.Mutex // by lock and unlock; it guards what follows

	state         RunState
	started       bool
	ctx           context.Context          // Start's, without its end
	executors     [len(modeNames)]executor // by mode; nil until a task needs it
	keeper        *keeper.Keeper           // likewise
	handles       roster[*Handle]
	ids           map[string]*Handle
	sets          map[string]*Replicas
	dependents    map[string]*roster[dependent] // by the name of what they need
	group         *group                        // of the tasks that are in no other
	groups        map[string]*group
	added         int       // tasks, ever
	live          int       // handles that are not over
	abandoned     int       // attempts that have not ended, although over
	enforcing     int       // goroutines of the runner's own
	waiting       int       // calls of Wait: the run may end
	failures      []*Handle // in order
	failure       error     // the first one that the policy heard of
	failureOf     []*Handle // in it
	overtime      error     // the run's deadline came first
	deadline      *time.Timer
	subscriptions map[*subscription]struct{}
	failed        chan struct{} // closed at the first failure
	ended         chan struct{} // closed once state is RunEnded and the executors are closed
}

// New makes a runner. It fails if an option is not valid, and with [ErrNotServed]
// in a process that was started as a plugin.
func New(opts ...Option) (*Runner, error) {
	if os.Getenv(wire.CookieKey) == wire.CookieValue {
		return nil, ErrNotServed
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	r := &Runner{
		config: c, ends: newEnds(), ids: make(map[string]*Handle), subscriptions: make(map[*subscription]struct{}),
		failed: make(chan struct{}), ended: make(chan struct{}),
	}
	r.group = &group{Group: Group{Policy: c.policy}, runner: r}
	return r, nil
}

// ID names the run; see [WithRunID].
func (r *Runner) ID() string { return r.config.runID }

// Add adds a task: before Start, or while the runner runs, and then it is started
// as soon as its needs allow. Everything that can be wrong with spec is found here,
// as a [*SpecError], and then nothing was added; but before Start a task may need
// one that is added later, and Start finds out whether it was. It fails with
// [ErrStopping] once a stop has begun or the run has ended.
func (r *Runner) Add(spec Spec) (*Handle, error) {
	h, err := r.add(&spec, nil)
	if err != nil {
		return nil, &SpecError{Task: spec.ID, Err: err}
	}
	return h, nil
}

func (r *Runner) add(spec *Spec, set *Replicas) (*Handle, error) {
	checked, err := spec.check(r.config)
	if err != nil {
		return nil, err
	}
	h := &Handle{runner: r, job: checked, mode: checked.mode}
	r.lock()
	defer r.unlock()
	h.index = r.added
	h.group = r.group
	if name := checked.group; name != "" {
		h.group = r.groups[name]
	}
	switch {
	case r.state >= RunStopping:
		return nil, ErrStopping
	case r.ids[h.job.id] != nil, r.sets[h.job.id] != nil:
		return nil, ErrDuplicateID
	case h.group == nil:
		return nil, r.unknownGroupLocked(checked.group)
	case h.group.stopping:
		return nil, fmt.Errorf("%w: group %q has failed", ErrStopping, checked.group)
	}
	if r.state == RunRunning {
		if err := h.checkNeedsLocked(set); err != nil {
			return nil, err
		}
	}
	r.admitLocked(h, set)
	return h, nil
}

// admitLocked makes the task one of the runner's.
func (r *Runner) admitLocked(h *Handle, set *Replicas) {
	r.ids[h.job.id] = h
	r.handles.add(h)
	if h.group != r.group {
		h.group.members.add(h)
	}
	r.added++
	r.live++
	h.group.live++
	if set != nil {
		h.set = set.spec.ID
		set.insertLocked(h)
	}
	for _, d := range h.job.needs {
		if r.dependents == nil {
			r.dependents = make(map[string]*roster[dependent])
		}
		if r.dependents[d.name] == nil {
			r.dependents[d.name] = new(roster[dependent])
		}
		r.dependents[d.name].add(dependent{h, d.need})
	}
	h.moveLocked(StatePending, "")
	if ro := h.group.round; ro != nil {
		ro.joinLocked(h) // it begins with the others
		return
	}
	h.proceedLocked("")
}

// Start starts every task and returns without waiting for them: a launch that
// fails is that task's failure. It fails with [ErrStarted] the second time, with
// [ErrStopping] after Stop, as [Runner.Check] does, and with ctx's cause if ctx has
// ended; then nothing was started. The tasks see ctx's values but not its end: they live until they
// end, or until Stop. Call Wait or Stop later, so that the run can end.
func (r *Runner) Start(ctx context.Context) error {
	added, err := r.start(ctx)
	for _, h := range added {
		h.begin() // one lock each: those that run already need it too
	}
	return err
}

func (r *Runner) start(ctx context.Context) ([]*Handle, error) {
	r.lock()
	defer r.unlock()
	switch {
	case r.started:
		return nil, ErrStarted
	case r.state != RunIdle:
		return nil, ErrStopping
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	if err := r.checkNeedsLocked(); err != nil {
		return nil, err
	}
	r.started = true
	r.state = RunRunning
	r.ctx = context.WithoutCancel(ctx)
	if d := r.config.deadline; d > 0 {
		r.deadline = time.AfterFunc(d, r.expire)
	}
	return r.handles.clone(), nil
}

// State is where the runner is in its life.
func (r *Runner) State() RunState {
	r.lock()
	defer r.unlock()
	return r.state
}

// Handles returns all tasks, in the order of Add.
func (r *Runner) Handles() []*Handle {
	r.lock()
	defer r.unlock()
	return r.handles.clone()
}

// Failed returns the tasks that failed or were abandoned, in that order.
func (r *Runner) Failed() []*Handle {
	r.lock()
	defer r.unlock()
	return slices.Clone(r.failures)
}

// NotFailed returns the other tasks, in the order of Add: those that succeeded,
// were stopped, never started, or have not ended.
func (r *Runner) NotFailed() []*Handle {
	r.lock()
	defer r.unlock()
	return slices.DeleteFunc(r.handles.clone(), func(h *Handle) bool { return h.err != nil })
}

// NumFailed is how many tasks have failed or were abandoned.
func (r *Runner) NumFailed() int {
	r.lock()
	defer r.unlock()
	return len(r.failures)
}

// executorLocked makes the mode's executor when the first task needs it.
func (r *Runner) executorLocked(m Mode) executor {
	if r.executors[m] == nil {
		switch m {
		case Goroutine:
			r.executors[m] = goroutines{}
		case Async:
			r.executors[m] = newAsync(r.config)
		case Process:
			r.executors[m] = newProcesses(r.keeperLocked())
		}
	}
	return r.executors[m]
}

// keeperLocked has a keeper started when the first task needs it. After the run it is nil,
// or closed.
func (r *Runner) keeperLocked() *keeper.Keeper {
	if r.keeper == nil && r.state != RunEnded {
		r.keeper = keeper.Start(r.config.logger)
	}
	return r.keeper
}
