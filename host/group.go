package host

import (
	"errors"
	"fmt"
)

// Group is a set of a runner's tasks with a policy and a restart strategy of its
// own; [Spec.Group] puts a task into it. It fails upward as one task does: what the
// runner's policy hears of is the group's failure, once.
//
// Under Propagate a group has failed with its first task. Under StopAll it then
// stops its other tasks, and has failed when all of them have ended. Under LogOnly
// it never fails: its tasks' failures are logged, counted and joined into the
// run's result, and the runner's policy does not hear of them.
type Group struct {
	// Name is 1 to 64 letters, digits, ".", "_" and "-", beginning with a letter or
	// digit.
	Name string
	// Policy is what the group does when one of its tasks has failed for good.
	Policy Policy
	// Strategy is which tasks are begun again when one of them is.
	Strategy Strategy
}

// Strategy is which tasks of a group are begun again when one of them is, in the
// sense of Erlang/OTP's supervisors. Those that run are stopped first, dependents
// before what they need, and all begin when the last one has stopped and the wait
// of the first one is over; so do those that wait for what they need, and those that
// are added meanwhile. It takes the policy of the task that ended: the restarts of the
// others are not counted. Tasks that have ended stay so, also if that is how they
// answer the stop: by a failure that no restart can mend.
type Strategy uint8

// The strategies. A process that does not stop within the grace is killed. A
// goroutine or coroutine is abandoned, which is a failure of its own, and not begun
// again unless its Restart allows an overlap.
const (
	OneForOne  Strategy = iota // the task alone
	OneForAll                  // all tasks of the group
	RestForOne                 // the task and those that were added after it
)

var strategyNames = [...]string{OneForOne: "one-for-one", OneForAll: "one-for-all", RestForOne: "rest-for-one"}

// ParseStrategy is the inverse of String.
func ParseStrategy(name string) (Strategy, error) {
	return parse(name, "strategy", []Strategy{OneForOne, OneForAll, RestForOne})
}

// String is "one-for-one", "one-for-all" or "rest-for-one".
func (s Strategy) String() string {
	if int(s) < len(strategyNames) {
		return strategyNames[s]
	}
	return fmt.Sprintf("Strategy(%d)", uint8(s))
}

// MarshalText writes String.
func (s Strategy) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// GroupError is a group's failure. It unwraps to those of its tasks.
type GroupError struct {
	Group string
	Err   error
}

func (e *GroupError) Error() string { return fmt.Sprintf("group %q: %v", e.Group, e.Err) }
func (e *GroupError) Unwrap() error { return e.Err }

// group is a Group at work. The runner itself is one too, without a name.
type group struct {
	Group
	runner   *Runner
	members  roster[*Handle] // but not of the runner's own
	live     int
	failures []*Handle // under StopAll, in order
	failed   bool      // and its runner knows
	stopping bool      // after a failure
	round    *round    // under way, or nil
}

// AddGroup adds a group, before the tasks that are in it. It fails with
// [ErrBadID], [ErrDuplicateID], or with [ErrStopping] once a stop has begun.
func (r *Runner) AddGroup(g Group) error {
	if !validID(g.Name) {
		return fmt.Errorf("group: %w %q: %s", ErrBadID, g.Name, idRule)
	}
	var errs []error
	if int(g.Policy) >= len(policyNames) {
		_, err := ParsePolicy(g.Policy.String())
		errs = append(errs, err)
	}
	if int(g.Strategy) >= len(strategyNames) {
		_, err := ParseStrategy(g.Strategy.String())
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("group %q: %w", g.Name, err)
	}
	r.lock()
	defer r.unlock()
	switch {
	case r.state >= RunStopping:
		return ErrStopping
	case r.groups[g.Name] != nil:
		return fmt.Errorf("group %q: %w", g.Name, ErrDuplicateID)
	}
	if r.groups == nil {
		r.groups = make(map[string]*group)
	}
	r.groups[g.Name] = &group{Group: g, runner: r}
	return nil
}

// endedLocked takes note of the end of one of its tasks.
func (g *group) endedLocked(h *Handle) {
	g.live--
	if h.err != nil {
		g.failureLocked(h)
	}
	if g.live == 0 && g.stopping {
		g.failLocked(g.failures...)
	}
}

// failureLocked is the group's policy at work.
func (g *group) failureLocked(h *Handle) {
	switch {
	case g.Policy == LogOnly && g.Name != "":
	case g.Policy == Propagate || g.Name == "":
		g.failLocked(h)
	default:
		g.failures = append(g.failures, h)
		if !g.stopping {
			g.stopping = true
			g.runner.stopForLocked(g.members.clone(), h.job.id+" failed")
		}
	}
}

// failLocked lets the runner know, once, that the group has failed with its tasks. In
// the runner's own it is a task that did.
func (g *group) failLocked(of ...*Handle) {
	if g.failed {
		return
	}
	g.failed = true
	errs := make([]error, len(of))
	for i, h := range of {
		errs[i] = h.err
	}
	err, cause := join(errs), of[0].job.id+" failed"
	if g.Name != "" {
		err, cause = &GroupError{Group: g.Name, Err: err}, fmt.Sprintf("group %s failed", g.Name)
	}
	g.runner.failLocked(err, of, cause)
}
