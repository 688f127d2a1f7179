package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/host"
)

// compare checks what handles, callers, the run's results and the tasks themselves
// have seen against the events.
func (a *audit) compare() {
	a.compareHandles()
	a.compareFailures()
	a.compareEntries()
	for _, c := range a.called {
		a.compareCall(c)
	}
	if a.runner.State() != host.RunEnded {
		a.fault(nil, "the runner is %v", a.runner.State())
	}
	if _, err := a.runner.Add(host.Spec{ID: "late", Kind: "nothing"}); !errors.Is(err, host.ErrStopping) {
		a.fault(nil, "Add after the end: %v", err)
	}
	for h, attempts := range a.attemptsThen {
		if h.Attempts() != attempts {
			a.fault(nil, "%s began after the run was seen stopping", h.ID())
		}
	}
}

func (a *audit) compareHandles() {
	for _, l := range a.lives {
		if l.state >= host.StateStarting && !l.state.Ended() {
			a.fault(l, "is not over")
		}
	}
	for _, h := range a.runner.Handles() {
		l := a.current[h.ID()]
		if !over(h) {
			a.fault(l, "is not done")
		}
		if l == nil || h.State() != l.state || h.Attempts() != l.attempt || h.Mode() != l.mode || h.Err() != l.err && l.state.Ended() || h.Cause() != l.cause {
			a.fault(l, "the handle says %v, %d, %v, %v, %q; the events %v, %q", h.State(), h.Attempts(), h.Mode(), h.Err(), h.Cause(), l.err, l.cause)
		}
	}
}

func (a *audit) compareFailures() {
	failed := a.runner.Failed()
	if len(failed) != len(a.failed) || a.runner.NumFailed() != len(failed) {
		a.fault(nil, "%d tasks failed, by their events %d", len(failed), len(a.failed))
		return
	}
	errs := make([]error, len(failed))
	for i, h := range failed {
		if errs[i] = h.Err(); errs[i] != a.failed[i].err {
			a.fault(a.failed[i], "failure %d is %v, by the events %v", i, h.Err(), a.failed[i].err)
		}
	}
	if a.refused() {
		return
	}
	a.compareDeadline()
	if a.plan.background {
		a.compareWait(errs)
		return
	}
	leaves := leavesOf(a.result.run)
	leaves = slices.DeleteFunc(leaves, func(err error) bool { return err == context.Canceled || errors.Is(err, host.ErrDeadline) })
	if a.plan.policy == host.Propagate {
		a.heard(a.result.run)
		sorted(leaves, errs)
	}
	if !slices.Equal(leaves, errs) {
		a.fault(nil, "Run: %v\nwant %v", leaves, errs)
	}
}

// refused reports whether the run was stopped before it was started, or a task was
// removed that another one needs.
func (a *audit) refused() bool {
	var unknown *host.UnknownNameError
	err := a.result.run
	return !a.begun && (errors.Is(err, host.ErrStopping) || errors.Is(err, context.Canceled) || errors.As(err, &unknown))
}

// sorted puts what is in order into that order.
func sorted(errs, order []error) {
	slices.SortStableFunc(errs, func(a, b error) int { return slices.Index(order, a) - slices.Index(order, b) })
}

// compareDeadline checks that the run's deadline is in its result if that is what
// ended it, and not if there is none.
func (a *audit) compareDeadline() {
	err := errors.Join(a.result.run, a.result.wait)
	told := errors.Is(err, host.ErrDeadline)
	must := a.plan.policy == host.LogOnly && a.plan.deadline > 0 && a.result.ended.After(a.began.Add(a.plan.deadline))
	must = must && !errors.Is(a.result.wait, context.Canceled) // who gives up waiting is not told
	for _, c := range a.called {
		must = must && (c.does != stopRun && c.does != cancelRun || c.began.After(a.began.Add(a.plan.deadline)))
	}
	if told && a.plan.deadline == 0 || must && !told {
		a.fault(nil, "the deadline is %v, the result %v", a.plan.deadline, err)
	}
}

func (a *audit) compareWait(errs []error) {
	switch {
	case errors.Is(a.result.wait, context.Canceled), errors.Is(a.result.wait, host.ErrDeadline):
	case a.plan.policy == host.Propagate && a.result.wait == nil:
		for _, l := range a.failed {
			if a.groupOf(l).Name == "" || a.groupOf(l).Policy != host.LogOnly {
				a.fault(l, "has failed, but Wait returned nothing")
			}
		}
	case a.plan.policy == host.Propagate:
		a.heard(a.result.wait)
	case !slices.Equal(leavesOf(a.result.wait), errs):
		a.fault(nil, "Wait: %v\nwant %v", a.result.wait, errs)
	}
}

// heard checks the failure of which a policy of Propagate hears first, which is or
// comes first in err.
func (a *audit) heard(err error) {
	first := err
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		first = list.Unwrap()[0]
	}
	if first == nil || first == context.Canceled || errors.Is(first, host.ErrDeadline) {
		return
	}
	for _, l := range a.failed {
		switch g := a.groupOf(l); {
		case g.Name == "":
			if first != l.err {
				a.fault(l, "its failure was the first, but %v was told", first)
			}
			return
		case g.Policy == host.LogOnly:
		default:
			told, ok := first.(*host.GroupError)
			if g.Policy == host.StopAll && (!ok || told.Group != g.Name) {
				continue // another one was quicker
			}
			if !ok || told.Group != g.Name {
				a.fault(l, "its group failed first, but %v was told", first)
				return
			}
			of := leavesOf(told.Err)
			if g.Policy == host.Propagate && !slices.Equal(of, []error{l.err}) || g.Policy == host.StopAll && !slices.Equal(of, a.failuresOf(g.Name)) {
				a.fault(l, "of its group's failures %v were told", of)
			}
			return
		}
	}
	if len(a.failed) > 0 && a.groupOf(a.failed[0]).Policy != host.LogOnly {
		a.fault(nil, "%v was told first", first)
	}
}

func (a *audit) failuresOf(group string) []error {
	var errs []error
	for _, l := range a.failed {
		if l.plan.spec.Group == group {
			errs = append(errs, l.err)
		}
	}
	return errs
}

// leavesOf are the errors that err joins.
func leavesOf(err error) []error {
	switch e := err.(type) {
	case nil:
		return nil
	case *host.TaskError:
		return []error{e}
	case *host.GroupError:
		return leavesOf(e.Err)
	case interface{ Unwrap() []error }:
		var leaves []error
		for _, one := range e.Unwrap() {
			leaves = append(leaves, leavesOf(one)...)
		}
		return leaves
	}
	return []error{err}
}

// compareEntries checks each Run: it belongs to an attempt that began, no two of a
// task run side by side, and it got the newest checkpoint.
func (a *audit) compareEntries() {
	ran := make(map[*host.Handle][]*entry)
	for _, e := range a.entries {
		l := a.lifeOf(e)
		if l == nil {
			a.fault(nil, "%s ran attempt %d, which never began", e.id, e.attempt)
			continue
		}
		newest := 0
		for _, other := range ran[e.handle] {
			newest = max(newest, other.attempt)
			switch {
			case other.attempt == e.attempt:
				a.fault(l, "attempt %d ran twice", e.attempt)
			case other.left.After(e.entered) && !l.plan.spec.Restart.Overlap:
				a.fault(l, "attempt %d ran beside %d", e.attempt, other.attempt)
			}
		}
		if e.restored != newest {
			a.fault(l, "attempt %d restored %d, not %d", e.attempt, e.restored, newest)
		}
		if e.left.IsZero() {
			a.fault(l, "attempt %d never ended", e.attempt)
		}
		ran[e.handle] = append(ran[e.handle], e)
	}
}

// lifeOf finds whose attempt it was that ran. Where tasks had the same id, one after
// the other, it may be any of theirs.
func (a *audit) lifeOf(e *entry) *life {
	for _, l := range slices.Backward(a.lives) {
		if l.id == e.id && len(l.begins) >= e.attempt && !l.begins[e.attempt-1].After(e.entered) {
			return l
		}
	}
	return nil
}

// compareCall checks that a call took no longer than it may, and did what it says.
func (a *audit) compareCall(c *called) {
	if c.ended.IsZero() {
		a.fault(nil, "%q's call %v never returned", c.by, c.call)
		return
	}
	limit := a.plan.grace + 2*host.FakeReap
	if c.patient > 0 && c.does != restartTask {
		limit = min(limit, c.patient+2*host.FakeReap)
	}
	if took := c.ended.Sub(c.began); took > limit && !a.holdsLoop() && !(c.does == restartTask && c.patient == 0) {
		a.fault(nil, "%q's call %v took %v", c.by, c.call, took)
	}
	outside := c.by == ""
	switch {
	case c.does == stopTask && c.handle != nil && outside:
		if !over(c.handle) {
			a.fault(nil, "%v returned before the end of the task", c.call)
		}
	case c.does == restartTask && c.handle != nil && outside && c.err == nil:
		if c.attempts > 0 && c.handle.Attempts() == c.attempts && c.handle.State() != host.StateStopped && c.handle.State() != host.StateFailed {
			a.fault(nil, "%v has begun nothing", c.call)
		}
	case c.does == addTask && c.err != nil:
		var bad *host.SpecError
		var unknown *host.UnknownNameError
		if !errors.As(c.err, &bad) || !errors.Is(c.err, host.ErrStopping) && !errors.Is(c.err, host.ErrDuplicateID) && !errors.As(c.err, &unknown) {
			a.fault(nil, "%v: %v", c.call, c.err)
		}
	}
	if c.err != nil && strings.Contains(c.err.Error(), "duplicate") && c.does == scaleSet {
		a.fault(nil, "%v: %v", c.call, c.err)
	}
}

// holdsLoop reports whether a task of the plan holds the event loop, which keeps
// others there from going on.
func (a *audit) holdsLoop() bool {
	for _, t := range a.plan.tasks {
		for _, act := range t.acts {
			if slices.ContainsFunc(act.steps, func(s step) bool { return s.does == holdsOn }) {
				return true
			}
		}
	}
	return false
}
