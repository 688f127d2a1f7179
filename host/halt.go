package host

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// reapTimeout is how long a killed process may take to be gone. The system needs
// milliseconds; a process that hangs in the kernel is not to hang the host.
const reapTimeout = 5 * time.Second

// halt is a stop of attempts: they are told in turn, dependents before what they
// need, and those that have not ended when its time is over are ended by force.
type halt struct {
	runner *Runner
	cause  string
	tries  []*try
	first  []*try // to be told at once: no other one of them needs them
	later  []turn
	depth  int // of the longest chain of needs
}

// turn is the turn of an attempt whose task others need.
type turn struct {
	try   *try
	after []<-chan struct{} // the ends of those others
	level int               // how many come before it, one after the other
}

// haltLocked stops the attempts of tasks and does not wait, but the run does.
func (r *Runner) haltLocked(ctx context.Context, handles []*Handle, cause string) {
	h := newHaltLocked(r, handles, nil, cause)
	if len(h.tries) == 0 {
		return
	}
	r.enforcing++
	go func() { // ends with the last of the attempts
		ctx, cancel := context.WithTimeout(ctx, r.config.grace)
		defer cancel()
		h.tell(ctx, h.first)
		h.finish(ctx)
	}()
}

// newHaltLocked finds the order for the tasks' attempts. Nobody waits for the end of
// the one that is calling, which may itself wait for all others.
func newHaltLocked(r *Runner, handles []*Handle, caller *try, cause string) *halt {
	h := &halt{runner: r, cause: cause, tries: make([]*try, 0, len(handles))}
	for _, one := range handles {
		if one.try != nil {
			h.tries = append(h.tries, one.try)
		}
	}
	if len(r.dependents) == 0 {
		h.first = h.tries
		return h
	}
	dependents, levels := dependentsAmongLocked(h.tries), make(map[*try]int)
	for _, t := range h.tries {
		n := level(t, dependents, levels)
		if n == 0 {
			h.first = append(h.first, t)
			continue
		}
		h.depth = max(h.depth, n)
		turn := turn{try: t, level: n}
		for _, d := range dependents[t] {
			if d != caller {
				turn.after = append(turn.after, d.doneLocked())
			}
		}
		h.later = append(h.later, turn)
	}
	return h
}

// level is how many dependents come before t, one after the other; levels is what is known
// of that so far.
func level(t *try, dependents map[*try][]*try, levels map[*try]int) int {
	if n, known := levels[t]; known {
		return n
	}
	n := 0
	for _, d := range dependents[t] {
		n = max(n, level(d, dependents, levels)+1)
	}
	levels[t] = n
	return n
}

// dependentsAmongLocked finds for each attempt those others whose tasks need its task.
func dependentsAmongLocked(tries []*try) map[*try][]*try {
	here := make(map[*Handle]bool, len(tries))
	for _, t := range tries {
		here[t.Handle] = true
	}
	dependents := make(map[*try][]*try)
	for _, t := range tries {
		for _, d := range t.job.needs {
			others, _ := t.runner.namedLocked(d.name)
			for _, other := range others {
				if here[other] && other != t.Handle {
					dependents[other.try] = append(dependents[other.try], t)
				}
			}
		}
	}
	return dependents
}

// tell tells attempts to stop, unless they know.
func (h *halt) tell(ctx context.Context, tries []*try) {
	h.runner.lock()
	asked := h.askLocked(tries)
	h.runner.unlock()
	stopAll(ctx, asked)
}

// askLocked marks attempts as told to stop, and returns those that were not before.
func (h *halt) askLocked(tries []*try) []*try {
	asked := make([]*try, 0, len(tries))
	for _, t := range tries {
		if t.askLocked(h.cause) {
			asked = append(asked, t)
		}
	}
	return asked
}

func stopAll(ctx context.Context, tries []*try) {
	for _, t := range tries {
		t.execution.stop(ctx, task.ErrStopped)
	}
}

// finish tells the others when their turn comes, and sees to the end of all. It
// blocks until they are over; who calls it has engaged.
func (h *halt) finish(ctx context.Context) {
	h.tellInTurn(ctx)
	h.runner.enforce(ctx, h.tries)
	h.runner.disengage()
}

// tellInTurn tells the others as soon as what needs them has stopped, or as soon as
// they would lack the time. It returns when all were told.
func (h *halt) tellInTurn(ctx context.Context) {
	deadline, _ := ctx.Deadline()
	share := time.Until(deadline) / time.Duration(h.depth+1)
	var telling sync.WaitGroup
	for _, turn := range h.later {
		telling.Go(func() {
			patience, cancel := context.WithTimeout(ctx, share*time.Duration(turn.level))
			defer cancel()
			for _, done := range turn.after {
				select {
				case <-done:
				case <-patience.Done():
				}
			}
			h.tell(ctx, []*try{turn.try})
		})
	}
	telling.Wait()
}

// enforce waits for attempts, and insists on those that are not over when ctx ends.
func (r *Runner) enforce(ctx context.Context, tries []*try) {
	late := awaitEnds(ctx, r, tries)
	if len(late) == 0 {
		return
	}
	r.lock()
	for _, t := range late {
		t.forced = true
	}
	r.unlock()
	patience, cancel := context.WithTimeout(context.Background(), reapTimeout)
	defer cancel()
	var abandoned []*try
	killed := slices.DeleteFunc(late, func(t *try) bool {
		forced := t.execution.insist()
		if !forced && t.abandon() {
			abandoned = append(abandoned, t)
		}
		return !forced
	})
	for _, t := range awaitEnds(patience, r, killed) {
		if t.abandon() {
			abandoned = append(abandoned, t)
		}
	}
	r.mourn(abandoned)
}

// lastWord is how long a log may take to hear who was abandoned, before a stop ends
// without that.
const lastWord = time.Second

// mourn logs who was abandoned.
func (r *Runner) mourn(abandoned []*try) {
	if len(abandoned) == 0 {
		return
	}
	said := make(chan struct{})
	go func() { // ends when the log's handler has returned
		for _, t := range abandoned {
			t.log().Warn("a task did not stop in time and was abandoned: its code still runs")
		}
		close(said)
	}()
	select {
	case <-said:
	case <-time.After(lastWord):
	}
}

// endable is what is over at some time: a try, or a *Handle.
type endable interface {
	overLocked() bool
	doneLocked() <-chan struct{}
}

// awaitEnds waits until all are over, or ctx ends, and returns those that are not. It
// waits for the last one first, and then looks at the one before: as they end about as
// they were told, in order, it seldom has to wait again.
func awaitEnds[E endable](ctx context.Context, r *Runner, all []E) (late []E) {
	for i := len(all) - 1; ; {
		r.lock()
		for i >= 0 && all[i].overLocked() {
			i--
		}
		var done <-chan struct{}
		if i >= 0 {
			done = all[i].doneLocked()
		}
		r.unlock()
		if i < 0 {
			return nil
		}
		select {
		case <-done:
		case <-ctx.Done():
			r.lock()
			defer r.unlock()
			return slices.DeleteFunc(slices.Clone(all[:i+1]), E.overLocked)
		}
	}
}
