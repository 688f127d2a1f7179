package host

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// round is a restart: of one task, or of those that the strategy of its group begins
// again with it. Its members begin when its time has come and none of them runs.
type round struct {
	group   *group      // whose round it is; nil where it is of one task
	members []*Handle   // in the order in which they joined, with those that have left
	size    int         // of those that have not
	still   int         // so many of the first have no attempt, and get none in a round
	cause   string      // of the attempts that it begins
	next    time.Time   // when they begin, at the earliest; zero is at once
	timer   *time.Timer // fires then; or nil
}

// requested is the cause of a restart by Handle.Restart.
const requested = "restarted on request"

// backOffLocked has the task, and those that the strategy of its group restarts
// with it, begin again after delay.
func (h *Handle) backOffLocked(cause string, delay time.Duration) {
	g := h.group
	if g.Strategy == OneForOne {
		ro := &round{cause: "restart: " + cause}
		ro.joinLocked(h)
		ro.delayLocked(delay)
		h.moveLocked(StateBackingOff, cause)
		return
	}
	if g.round == nil {
		g.round = &round{group: g, cause: fmt.Sprintf("%v: restarts with %s, which ended: %s", g.Strategy, h.job.id, cause)}
	}
	g.round.joinLocked(h)
	g.round.delayLocked(delay)
	h.moveLocked(StateBackingOff, cause)
	var joined []*Handle
	for m := range g.members.all() {
		// One that is being stopped for good is a member until it has.
		goesOn := !m.over && (m.mayBeginLocked() || m.try != nil)
		if goesOn && m.round != g.round && (g.Strategy == OneForAll || m.index > h.index) {
			g.round.joinLocked(m)
			joined = append(joined, m)
		}
	}
	g.runner.haltLocked(context.Background(), joined, g.round.cause)
}

// joinLocked makes the task a member, and no longer one of another round.
func (ro *round) joinLocked(h *Handle) {
	if h.round != nil {
		h.round.leaveLocked(h)
	}
	h.round = ro
	ro.members = append(ro.members, h)
	ro.size++
}

// delayLocked has the round wait for d, or longer if it waits already.
func (ro *round) delayLocked(d time.Duration) {
	r := ro.members[0].runner
	next := time.Now().Add(d)
	if next.Before(ro.next) {
		return
	}
	ro.next = next
	if ro.timer != nil {
		ro.timer.Stop()
	}
	ro.timer = time.AfterFunc(d, func() {
		r.lock()
		defer r.unlock()
		ro.proceedLocked()
	})
}

// proceedLocked begins the members if the round's time has come and none of them
// runs, and then the round is over.
func (ro *round) proceedLocked() {
	if ro.size == 0 || time.Now().Before(ro.next) { // it is over, or its time has not come
		return
	}
	for ; ro.still < len(ro.members); ro.still++ {
		if m := ro.members[ro.still]; m.round == ro && m.try != nil {
			return
		}
	}
	members := slices.DeleteFunc(slices.Clone(ro.members), func(m *Handle) bool { return m.round != ro })
	slices.SortFunc(members, func(a, b *Handle) int { return a.index - b.index })
	ro.endLocked()
	for _, m := range members {
		cause := ro.cause
		if m.attempts == 0 {
			cause = ""
		}
		m.proceedLocked(cause)
	}
}

// leaveLocked takes a task out of the round, which has one member less to wait for.
func (ro *round) leaveLocked(h *Handle) {
	h.round = nil
	if ro.size--; ro.size == 0 {
		ro.endLocked()
		return
	}
	ro.proceedLocked()
}

func (ro *round) endLocked() {
	for _, m := range ro.members {
		if m.round == ro {
			m.round = nil
		}
	}
	ro.members, ro.size, ro.still = nil, 0, 0
	if ro.timer != nil {
		ro.timer.Stop()
	}
	if ro.group != nil {
		ro.group.round = nil
	}
}

// Restart stops the task's attempt, as Stop does, and begins a new one, which is
// not counted against its restart policy. It returns once the new attempt was
// begun, or the task waits for what it needs. It fails with [ErrEnded] if the task
// has ended or is being stopped, and with ctx's cause if ctx ends first: the
// restart then goes on. A task that has not begun is left as it is; one that
// backs off begins at once, and so do those of its group that back off with it.
// Called from the task itself, it does not wait.
func (h *Handle) Restart(ctx context.Context) error {
	r := h.runner
	caller := r.caller(ctx)
	r.lock()
	if h.over || h.barred || r.state > RunRunning {
		r.unlock()
		return ErrEnded
	}
	if h.attempts == 0 || h.state == StateWaiting {
		r.unlock()
		return nil
	}
	attempts, renewed := h.attempts, h.renewLocked(ctx)
	r.unlock()
	var err error
	wait := func() {
		select {
		case <-renewed:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	switch {
	case caller == nil:
		wait()
	case caller.Handle != h:
		caller.execution.await(ctx, wait)
	}
	if err == nil && locked(h, func() bool { return h.over && h.attempts == attempts }) {
		err = ErrEnded
	}
	return err
}

// renewLocked has the task begin again, on request. What it returns is closed when
// it has, or never will.
func (h *Handle) renewLocked(ctx context.Context) <-chan struct{} {
	past := h.pastLocked()
	if past.renewed == nil {
		past.renewed = make(chan struct{})
	}
	renewed := past.renewed
	if h.round == nil {
		(&round{}).joinLocked(h)
	}
	if h.round.group == nil {
		h.round.cause = requested
	}
	if h.try == nil {
		h.round.next = time.Time{}
		h.round.proceedLocked()
	} else {
		h.runner.haltLocked(context.WithoutCancel(ctx), []*Handle{h}, requested)
	}
	return renewed
}

// renewedLocked lets go who waits for a restart of the task.
func (h *Handle) renewedLocked() {
	if h.past != nil && h.past.renewed != nil {
		close(h.past.renewed)
		h.past.renewed = nil
	}
}
