package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
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
// of the first one is over. It takes the policy of the task that ended: the
// restarts of the others are not counted. Tasks that have ended stay so.
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
	members  []*Handle
	live     int
	failures []error
	failed   bool   // and its runner knows
	stopping bool   // after a failure
	round    *round // under way, or nil
}

// AddGroup adds a group, before the tasks that are in it. It fails with
// [ErrBadID], [ErrDuplicateID], or with [ErrStopping] once a stop has begun.
func (r *Runner) AddGroup(g Group) error {
	if !validID.MatchString(g.Name) {
		return fmt.Errorf("group: %w %q: use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit", ErrBadID, g.Name)
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
	r.mu.Lock()
	defer r.mu.Unlock()
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
func (g *group) endedLocked(failure *TaskError) {
	g.live--
	if failure != nil {
		g.failures = append(g.failures, failure)
		switch {
		case g.Policy == LogOnly && g.Name != "":
		case g.Policy == Propagate || g.Name == "":
			g.failLocked(failure)
		case !g.stopping:
			g.stopping = true
			g.runner.stopForLocked(g.members, fmt.Sprintf("%s failed", failure.Task))
		}
	}
	if g.live == 0 && g.stopping {
		g.failLocked(join(g.failures))
	}
}

// failLocked lets the runner know, once, that the group has failed. In the runner's
// own it is a task that did.
func (g *group) failLocked(err error) {
	if g.failed {
		return
	}
	g.failed = true
	r, cause := g.runner, "a task failed"
	if g.Name != "" {
		cause = fmt.Sprintf("group %s failed", g.Name)
		err = &GroupError{Group: g.Name, Err: err}
	} else if failure, ok := errors.AsType[*TaskError](err); ok {
		cause = failure.Task + " failed"
	}
	if r.failure == nil {
		r.failure = err
		close(r.failed)
	}
	if r.config.policy == StopAll && r.state == RunRunning {
		r.state = RunStopping
		r.stopForLocked(r.handles, cause)
	}
}

// stopForLocked asks tasks to stop, as a policy does, and does not wait.
func (r *Runner) stopForLocked(handles []*Handle, cause string) {
	handles = slices.Clone(handles)
	for _, h := range handles {
		h.barred = true
	}
	r.enforcing++
	go func() { // ends as soon as they were asked
		r.ask(context.Background(), handles, cause)
		r.disengage()
	}()
}

// round is a restart of tasks together: they begin when none of them runs.
type round struct {
	members []*Handle
	cause   string
	next    time.Time
	waits   int           // timers that have not fired
	begun   chan struct{} // closed when the members have begun
}

func newRound(cause string, members ...*Handle) *round {
	return &round{members: members, cause: cause, begun: make(chan struct{})}
}

// restartLocked has the tasks stopped that the strategy restarts with h, which is
// about to be, after delay. It reports false if that is h alone.
func (g *group) restartLocked(h *Handle, cause string, delay time.Duration) bool {
	if g.Strategy == OneForOne {
		return false
	}
	if g.round == nil {
		g.round = newRound(fmt.Sprintf("%v: restarts with %s", g.Strategy, h.job.id))
	}
	ro, r := g.round, g.runner
	ro.next = h.next
	ro.waits++
	var halted []*try
	for _, m := range g.members {
		if m.over || m.ending || m.round == ro || g.Strategy == RestForOne && m.index < h.index {
			continue
		}
		if m.round != nil {
			m.round.leaveLocked(m)
		}
		m.round = ro
		ro.members = append(ro.members, m)
		if m.try != nil && m.try.askLocked(ro.cause) {
			halted = append(halted, m.try)
		}
	}
	slices.SortFunc(ro.members, func(a, b *Handle) int { return a.index - b.index })
	h.moveLocked(StateBackingOff, cause)
	time.AfterFunc(delay, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		ro.waits--
		ro.proceedLocked()
	})
	if len(halted) > 0 {
		r.enforcing++
		go r.halt(context.Background(), halted) // ends with the last of them
	}
	return true
}

// proceedLocked begins the members if none of them runs and no wait is left.
func (ro *round) proceedLocked() {
	if ro.waits > 0 {
		return
	}
	for _, m := range ro.members {
		if m.try != nil && !m.over {
			return
		}
	}
	members := ro.members
	ro.members = nil
	for _, m := range members {
		m.round = nil
		if m.group.round == ro {
			m.group.round = nil
		}
	}
	for _, m := range members {
		m.proceedLocked(ro.cause)
	}
	ro.endLocked()
}

// leaveLocked takes a task out of the round, which has one member less to wait for.
func (ro *round) leaveLocked(h *Handle) {
	ro.members = slices.DeleteFunc(ro.members, func(m *Handle) bool { return m == h })
	h.round = nil
	if ro.proceedLocked(); len(ro.members) == 0 {
		ro.endLocked()
	}
}

// endLocked lets go who waits for the restart.
func (ro *round) endLocked() {
	select {
	case <-ro.begun:
	default:
		close(ro.begun)
	}
}

// halt tells attempts to stop, and insists on those that have not by the end of
// ctx or of the grace. It blocks until all are over; who starts it has engaged.
func (r *Runner) halt(ctx context.Context, tries []*try) {
	ctx, cancel := context.WithTimeout(ctx, r.config.grace)
	defer cancel()
	for _, t := range tries {
		t.execution.stop(ctx, task.ErrStopped)
	}
	r.enforce(ctx, tries)
	r.disengage()
}
