package host_test

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// begins checks an attempt: nothing that is to be over runs, what it needs is there,
// and it was to begin.
func (a *audit) begins(l *life, e host.Event) {
	switch {
	case e.Attempt != l.attempt+1:
		a.fault(l, "attempt %d begins", e.Attempt)
	case e.Time.After(a.stopping):
		a.fault(l, "begins after the run was stopped")
	case a.barred:
		a.fault(l, "begins after a policy has stopped the run")
	case a.groupOf(l).barred:
		a.fault(l, "begins after its group has failed")
	}
	if need := a.unmet(l); need != "" {
		a.fault(l, "begins, but %s", need)
	}
	a.permitted(l, e)
	a.together(l, e)
	l.attempt, l.mode, l.ran, l.ready = e.Attempt, e.Mode, time.Time{}, false
	l.begins = append(l.begins, e.Time)
}

// permitted checks why an attempt follows another.
func (a *audit) permitted(l *life, e host.Event) {
	moved := strings.HasPrefix(e.Cause, "moved to a process")
	isolate := l.plan.spec.Isolate
	may := isolate > 0 && l.mode != host.Process && l.panics(a) >= isolate
	must := may && l.panicked >= isolate
	if moved && !may || must && !moved || (e.Mode != l.mode) != moved {
		a.fault(l, "begins in mode %v after %d panics: %q", e.Mode, l.panics(a), e.Cause)
	}
	cause, _, _ := strings.Cut(e.Cause, ":")
	switch {
	case l.attempt == 0:
		if e.Cause != "" {
			a.fault(l, "begins: %q", e.Cause)
		}
	case moved:
	case cause == "restart":
		if l.plan.spec.Restart.When == host.RestartNever {
			a.fault(l, "is begun again")
		}
		if l.state == host.StateBackingOff && !e.Time.Equal(l.next) {
			a.fault(l, "begins at %v, not at %v", e.Time, l.next)
		}
	case cause == requested:
		if !a.asked(l.plan, restartTask) {
			a.fault(l, "nobody requested it")
		}
	case cause != a.groupOf(l).Strategy.String() || cause == host.OneForOne.String():
		a.fault(l, "begins: %q", e.Cause)
	}
}

// together checks that nothing of a group begins while others of it are to be begun
// again with it: not before their time, nor beside one that still runs.
func (a *audit) together(l *life, e host.Event) {
	g := a.groupOf(l)
	if g.Strategy == host.OneForOne {
		return
	}
	for _, x := range a.lives {
		in := a.groupOf(x) == g && x.state == host.StateBackingOff && x.cause != requested
		if !in || g.Strategy == host.RestForOne && x.index > l.index {
			continue
		}
		if x.next.After(e.Time) && !a.requests(g) {
			a.fault(l, "begins, but %s backs off until %v", x.id, x.next.Format(clock))
		}
		for _, m := range a.lives {
			beside := a.groupOf(m) == g && m.runs() && !m.begins[m.attempt-1].Equal(e.Time)
			if beside && (g.Strategy == host.OneForAll || m.index > x.index) {
				a.fault(l, "begins beside %s, which is %v", m.id, m.state)
			}
		}
	}
}

// requested is the cause of a restart by Handle.Restart.
const requested = "restarted on request"

// clock is how faults tell the time.
const clock = "05.000000"

// requests reports whether someone has restarted a task of the group, which ends the
// wait of all.
func (a *audit) requests(g *audited) bool {
	return slices.ContainsFunc(a.called, func(c *called) bool {
		return c.does == restartTask && a.plan.tasks[c.task].spec.Group == g.Name
	})
}

// inTurn checks that when all are stopped, who needs a task was told before it, and
// had time to stop.
func (a *audit) inTurn(l *life, e host.Event) {
	if a.hurried || e.Cause != "" || e.Time.Before(a.stopping) || a.asked(l.plan, stopTask, removeTask, scaleSet) {
		return
	}
	for _, m := range a.lives {
		if _, needs := m.plan.spec.Needs[l.plan.spec.ID]; !needs || a.current[m.id] != m || !m.runs() {
			continue
		}
		share := a.plan.grace / time.Duration(len(a.lives)+1)
		if m.state != host.StateStopping || e.Time.Sub(m.since) < share {
			a.fault(l, "is stopped, but %s, which needs it, is %v since %v", m.id, m.state, m.since.Format(clock))
		}
	}
}

// backsOff checks that the task's restarts are not spent.
func (a *audit) backsOff(l *life, e host.Event) {
	l.next = e.Next
	if t, failed := e.Err.(*host.TaskError); failed {
		if t.Attempt != l.attempt {
			a.fault(l, "its error is of attempt %d", t.Attempt)
		}
		if t.Outcome == host.OutcomePanic {
			l.panicked++
		}
		if task.IsPermanent(t) || errors.Is(t, task.ErrBadConfig) {
			a.fault(l, "is begun again after %v", t)
		}
	}
	if strings.Contains(e.Cause, ": restarts with ") || e.Cause == requested {
		return
	}
	r := l.plan.spec.Restart
	l.spent = slices.DeleteFunc(append(l.spent, e.Time), func(at time.Time) bool { return e.Time.Sub(at) >= r.Within })
	if r.Max != host.Unlimited && len(l.spent) > r.Max {
		a.fault(l, "more than %d restarts within %v", r.Max, r.Within)
	}
	if wait := e.Next.Sub(e.Time); wait < 0 || wait > modelCap {
		a.fault(l, "waits for %v", wait)
	}
}

// failures is what the failure of a task makes of its group and of the run.
func (a *audit) failures(l *life) {
	g := a.groupOf(l)
	switch {
	case g.Name != "" && g.Policy == host.StopAll:
		g.barred = true
	case g.Name == "" || g.Policy == host.Propagate:
		a.barred = a.barred || a.plan.policy == host.StopAll
	}
}

// audited is a group as the audit knows it.
type audited struct {
	host.Group
	barred bool
}

func (a *audit) groupOf(l *life) *audited {
	name := l.plan.spec.Group
	if a.groups == nil {
		a.groups = map[string]*audited{"": {}}
		for _, g := range a.plan.groups {
			a.groups[g.Name] = &audited{Group: g}
		}
	}
	return a.groups[name]
}
