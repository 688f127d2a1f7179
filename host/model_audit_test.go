package host_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// audit checks one schedule from outside: it reads the run's events in order and
// keeps a simple model of each task, then compares with what handles, callers and the
// tasks themselves have seen.
type audit struct {
	*world
	began    time.Time
	seen     []host.Event
	result   result
	current  map[string]*life // by id: the newest
	lives    []*life          // in order of Add
	failed   []*life          // in order
	groups   map[string]*audited
	clock    time.Time
	stopping time.Time // when a call, a deadline or a policy ended the run
	barred   bool      // by a policy: nothing begins any more
	begun    bool      // some task has begun
	hurried  bool      // some call may end a stop before its grace, or waits for no turn
	wrong    []string
}

func (a *audit) run() []string {
	a.findEnd()
	a.begun = slices.ContainsFunc(a.seen, func(e host.Event) bool { return e.State == host.StateStarting })
	for _, e := range a.seen {
		a.now(e.Time)
		a.feed(e)
	}
	if len(a.wrong) == 0 {
		a.now(latest(a.clock, a.result.ended))
		a.compare()
	}
	return a.wrong
}

func (a *audit) fault(l *life, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if l != nil {
		text = fmt.Sprintf("%s attempt %d %v: %s", l.id, l.attempt, l.state, text)
	}
	if len(a.wrong) < 5 {
		a.wrong = append(a.wrong, text)
	}
}

// findEnd finds when the run was first asked to stop.
func (a *audit) findEnd() {
	a.stopping = a.began.Add(forever)
	if d := a.plan.deadline; d > 0 {
		a.stopping = a.began.Add(d)
	}
	for _, c := range a.called {
		a.hurried = a.hurried || c.patient != 0 || c.by != ""
		if (c.does == stopRun || c.does == cancelRun && !a.plan.background) && c.began.Before(a.stopping) {
			a.stopping = c.began
		}
	}
}

func (a *audit) feed(e host.Event) {
	l := a.current[e.Task]
	fresh := e.Type == host.EventState && e.State == host.StatePending && e.Cause == ""
	if fresh {
		if l != nil && l.state >= host.StateStarting && !l.state.Ended() {
			a.fault(l, "another task has its id")
		}
		l = &life{id: e.Task, index: len(a.lives), plan: a.planOf(e.Task), mode: e.Mode, since: e.Time}
		a.current[e.Task] = l
		a.lives = append(a.lives, l)
		a.look()
		return
	}
	if l == nil {
		a.fault(nil, "%s: %v before it was added", e.Task, e.State)
		return
	}
	switch e.Type {
	case host.EventReady:
		if e.State != host.StateRunning || l.state != e.State || l.ready {
			a.fault(l, "ready in state %v", e.State)
		}
		l.ready, l.was = true, true
	case host.EventProgress:
		if e.State != l.state || e.Attempt != l.attempt {
			a.fault(l, "progress of %v %d", e.State, e.Attempt)
		}
	default:
		a.move(l, e)
	}
	a.look()
}

func (a *audit) move(l *life, e host.Event) {
	if l.over || !slices.Contains(follows[l.state], e.State) {
		a.fault(l, "%v follows", e.State)
	}
	if e.State == host.StateStarting {
		a.begins(l, e)
	} else if e.Attempt != l.attempt || e.Mode != l.mode {
		a.fault(l, "%v is said of attempt %d in mode %v", e.State, e.Attempt, e.Mode)
	}
	before := l.state
	l.state, l.since, l.cause, l.err, l.met, l.doomed = e.State, e.Time, e.Cause, e.Err, time.Time{}, time.Time{}
	if _, failed := e.Err.(*host.TaskError); failed != (e.State == host.StateFailed || e.State == host.StateAbandoned) && e.State != host.StateBackingOff {
		a.fault(l, "its error is %v", e.Err)
	}
	switch e.State {
	case host.StateRunning:
		l.ran = e.Time
	case host.StateStopping:
		a.inTurn(l, e)
	case host.StateBackingOff:
		a.backsOff(l, e)
	case host.StatePending, host.StateWaiting:
		never := strings.HasPrefix(e.Cause, "needs ")
		if never && !a.isDoomed(l) {
			a.fault(l, "will never begin: %q", e.Cause)
		}
		l.over = never || e.State == before && !strings.HasPrefix(e.Cause, "waits for ")
	default:
		l.over = e.State.Ended()
	}
	if l.over && e.Err != nil {
		a.failed = append(a.failed, l)
		a.failures(l)
	}
}
