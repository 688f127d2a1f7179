package host_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// life is one task from Add to its end, as its events tell.
type life struct {
	id       string
	index    int
	plan     *taskPlan
	state    host.State
	since    time.Time // in that state
	mode     host.Mode
	attempt  int
	begins   []time.Time // by attempt
	ran      time.Time   // when the attempt began to run, or zero
	ready    bool
	was      bool // ready, once
	next     time.Time
	spent    []time.Time
	panicked int // as its errors tell
	cause    string
	err      error
	over     bool
	met      time.Time // since when its needs are met, while it waits
	doomed   time.Time // since when one of them never will be
}

// follows is the life of a task: which state may follow which. A task that ends
// before its first attempt stays in its state, and an event with a cause says so.
var follows = map[host.State][]host.State{
	host.StatePending:    {host.StatePending, host.StateWaiting, host.StateStarting},
	host.StateWaiting:    {host.StateWaiting, host.StateStarting, host.StateStopped, host.StateFailed},
	host.StateStarting:   {host.StateRunning, host.StateStopping, host.StateBackingOff, host.StateFailed},
	host.StateRunning:    {host.StateStopping, host.StateBackingOff, host.StateSucceeded, host.StateFailed},
	host.StateStopping:   {host.StateBackingOff, host.StateFailed, host.StateStopped, host.StateAbandoned},
	host.StateBackingOff: {host.StateStarting, host.StateWaiting, host.StateStopped, host.StateFailed},
}

// runs reports whether there is an attempt.
func (l *life) runs() bool {
	return l.state == host.StateStarting || l.state == host.StateRunning || l.state == host.StateStopping
}

func (l *life) is(n host.Need) bool {
	running, succeeded := l.state == host.StateRunning, l.state == host.StateSucceeded
	switch n {
	case host.NeedStarted:
		return running || succeeded
	case host.NeedReady:
		return running && l.ready || succeeded && l.was
	case host.NeedSucceeded:
		return succeeded
	default:
		return l.state.Ended() && l.state != host.StateAbandoned
	}
}

// panics is how many attempts of the task have panicked, at most: the errors tell of
// fewer where some were abandoned.
func (l *life) panics(a *audit) int {
	n := 0
	for _, e := range a.entries {
		if e.id == l.id && e.attempt <= l.attempt && e.panicked && !e.entered.Before(l.begins[0]) {
			n++
		}
	}
	return n
}

// unmet is what a task needs that is not there, or "".
func (a *audit) unmet(l *life) string {
	for name, need := range l.plan.spec.Needs {
		for _, other := range a.lives {
			if a.current[other.id] != other || other.plan.spec.ID != name || other.plan.replicas >= 0 && a.touched(other.plan) {
				continue
			}
			if !other.is(need) {
				return fmt.Sprintf("needs %s %v, which is %v", other.id, need, other.state)
			}
		}
	}
	return ""
}

// isDoomed reports whether the task needs one that is over, or may be gone, in vain.
func (a *audit) isDoomed(l *life) bool {
	for _, other := range a.lives {
		need, named := l.plan.spec.Needs[other.plan.spec.ID]
		if named && (other.over || a.touched(other.plan) && other.plan.replicas < 0) && !other.is(need) {
			return true
		}
	}
	return a.awaitsTheGone(l)
}

// touched reports whether someone has removed such tasks.
func (a *audit) touched(p *taskPlan) bool { return a.asked(p, removeTask, scaleSet) }

// asked reports whether one of those calls was made of a task of p.
func (a *audit) asked(p *taskPlan, calls ...calling) bool {
	return slices.ContainsFunc(a.called, func(c *called) bool {
		return a.plan.tasks[c.task] == p && slices.Contains(calls, c.does)
	})
}

// awaitsTheGone reports whether it may need a task that is no more.
func (a *audit) awaitsTheGone(l *life) bool {
	for name := range l.plan.spec.Needs {
		if a.touched(a.planOf(name)) {
			return true
		}
	}
	return false
}
