package host_test

import (
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// look notes for those that wait since when their needs are met, or never will be.
func (a *audit) look() {
	note := func(since *time.Time, holds bool) {
		if !holds {
			*since = time.Time{}
		} else if since.IsZero() {
			*since = a.clock
		}
	}
	for _, l := range a.lives {
		if l.state <= host.StateWaiting && !l.over {
			note(&l.met, a.unmet(l) == "")
			note(&l.doomed, a.isDoomed(l))
		}
	}
}

// now checks that nothing is overdue.
func (a *audit) now(t time.Time) {
	if t.Before(a.clock) {
		a.fault(nil, "the time goes back to %v", t)
	}
	a.clock = t
	for _, l := range a.lives {
		if !l.over {
			a.overdue(l)
		}
	}
}

// overdue checks that what must follow has: a stop ends with the grace, a wait when
// its time has come or what it waits for is there, an attempt with its timeouts.
func (a *audit) overdue(l *life) {
	grace, group := a.plan.grace+host.FakeReap, a.groupOf(l)
	late := func(what string, since time.Time, limit time.Duration) {
		if limit > 0 && !since.IsZero() && a.clock.Sub(since) > limit {
			a.fault(l, "%s since %v, at %v", what, since.Format(clock), a.clock.Format(clock))
		}
	}
	together := time.Duration(1)
	if group.Strategy != host.OneForOne {
		together = grace + 3*modelCap // others of the group may fail meanwhile
	}
	switch s := &l.plan.spec; l.state {
	case host.StateStopping:
		late("is stopping", l.since, grace)
	case host.StateBackingOff:
		if l.cause == requested {
			together = 1
		}
		late("backs off", latest(l.next, l.since), together)
	case host.StatePending, host.StateWaiting:
		if a.clock.After(a.stopping) || a.barred || a.refused() || group.barred || a.awaitsTheGone(l) {
			return
		}
		late("waits, and its needs are met", a.sinceStart(l.met), together)
		late("waits for what will never be", a.sinceStart(l.doomed), together)
	case host.StateStarting, host.StateRunning:
		late("is over its timeout", l.begins[l.attempt-1], s.Timeout)
		if !l.ready {
			late("is not ready", l.ran, s.Ready.Timeout)
		}
		if l.mode == host.Process && l.state == host.StateStarting {
			late("is starting", l.begins[l.attempt-1], max(s.StartTimeout, modelLaunch)+host.FakeReap)
		}
	}
}

// sinceStart is a time, if there is one, or that of the start if that is later.
func (a *audit) sinceStart(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return latest(t, a.began)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
