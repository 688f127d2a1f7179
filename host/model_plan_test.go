package host_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// plan is one schedule of the model: a runner, its tasks, what each of their attempts
// does, and what is asked of the runner meanwhile.
type plan struct {
	policy     host.Policy
	grace      time.Duration
	deadline   time.Duration // of the run; 0: none
	background bool          // Start, Wait and Stop, rather than Run
	groups     []host.Group
	tasks      []*taskPlan
	calls      []call
	horizon    time.Duration // when the run is stopped, if nothing else does it before
}

// taskPlan is a task, or replicas of one.
type taskPlan struct {
	spec     host.Spec
	replicas int // -1: one task
	later    bool
	stopper  stopping // what its Stop does, if it has one
	making   time.Duration
	acts     []act // by attempt; the last one is that of all further ones
}

// act is what a task does in one attempt.
type act struct {
	refuses bool // its constructor does
	steps   []step
	life    time.Duration // after the last step
	ending  ending
	stop    stopping // what it does when it is told to stop
	slow    time.Duration
}

// step is something that a task does, after a while.
type step struct {
	after time.Duration
	does  deed
	call  call
}

type deed int

const (
	getsReady deed = iota
	logsUp
	beats
	reports
	holdsOn // blocks, and in async mode the loop with it
	callsRunner
)

type ending int

const (
	waits   ending = iota // until it is stopped
	beatsOn               // likewise, and shows that it lives
	succeeds
	fails
	failsForGood
	panics
	exits
)

type stopping int

const (
	obeys stopping = iota
	dawdles
	failsThen
	failsForGoodThen
	panicsThen
	asksRunner
)

// call is something that is asked of the runner.
type call struct {
	at      time.Duration
	does    calling
	task    int
	n       int           // which replica, or how many
	patient time.Duration // its ctx's deadline; 0: none, -1: it has ended already
}

type calling int

const (
	stopRun calling = iota
	cancelRun
	stopTask
	restartTask
	removeTask
	addTask
	scaleSet
)

func taskName(i int) string { return string(rune('a' + i)) }

func (c call) String() string {
	names := [...]string{"stop run", "cancel run", "stop", "restart", "remove", "add", "scale"}
	return fmt.Sprintf("%v %s %s n=%d ctx=%v", c.at, names[c.does], taskName(c.task), c.n, c.patient)
}

// GoString is the plan in a form that a reader can follow.
func (p *plan) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "policy %v, grace %v, deadline %v, background %v, horizon %v\n", p.policy, p.grace, p.deadline, p.background, p.horizon)
	for _, g := range p.groups {
		fmt.Fprintf(&b, "  group %s: %v, %v\n", g.Name, g.Policy, g.Strategy)
	}
	for _, t := range p.tasks {
		fmt.Fprintf(&b, "  task %s (%v) group %q x%d later=%v stopper=%v making %v needs %v\n", t.spec.ID, t.spec.Mode, t.spec.Group, t.replicas, t.later, t.stopper, t.making, t.spec.Needs)
		if r := t.spec.Restart; r.When != host.RestartNever {
			fmt.Fprintf(&b, "    restart %v max %d within %v initial %v overlap %v\n", r.When, r.Max, r.Within, r.Initial, r.Overlap)
		}
		fmt.Fprintf(&b, "    timeout %v watchdog %v start %v ready %v %q isolate %d\n", t.spec.Timeout, t.spec.Watchdog, t.spec.StartTimeout, t.spec.Ready.Timeout, t.spec.Ready.Log, t.spec.Isolate)
		for _, a := range t.acts {
			fmt.Fprintf(&b, "    act: %v then after %v %s, stop %s %v, refuses %v\n", a.steps, a.life, a.ending, a.stop, a.slow, a.refuses)
		}
	}
	for _, c := range p.calls {
		fmt.Fprintf(&b, "  call %v\n", c)
	}
	return b.String()
}

func (e ending) String() string {
	return [...]string{"waits", "beats on", "succeeds", "fails", "fails for good", "panics", "exits"}[e]
}

func (s stopping) String() string {
	return [...]string{"obeys", "dawdles", "fails", "fails for good", "panics", "asks runner"}[s]
}

func (s step) String() string {
	names := [...]string{"ready", "logs", "beats", "reports", "holds", "calls"}
	if s.does == callsRunner {
		return fmt.Sprintf("%v: %v", s.after, s.call)
	}
	return fmt.Sprintf("%v: %s", s.after, names[s.does])
}
