package host

import (
	"context"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// reapTimeout is how long a killed process may take to be gone. The system needs
// milliseconds; a process that hangs in the kernel is not to hang the host.
const reapTimeout = 5 * time.Second

// Stop stops every task and ends the run. Tasks that need each other are asked in
// turn, dependents before what they need, and all others at once; who has not
// stopped when the grace ends, or ctx if that is earlier, is killed if it is a
// process and abandoned if not. No task waits for its turn so long that it has less
// than its share of the grace: in a chain of four, a quarter of it. Stop returns
// when all have ended so, and joins the errors of those that ended with one.
//
// It may be called any number of times, before Start and after the end too: after
// it nothing starts. It may be called from one of the runner's own tasks, and then
// asks that task as well, but does not wait for it.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	if r.state < RunStopping {
		r.state = RunStopping
	}
	handles := r.handles
	r.checkEndLocked()
	r.mu.Unlock()
	caller := r.caller(ctx, handles)
	err := r.stop(ctx, handles, caller, "")
	if caller == nil {
		<-r.ended
	}
	return err
}

// stop stops some tasks and waits for them, but not for one that is calling.
func (r *Runner) stop(ctx context.Context, handles []*Handle, caller *Handle, cause string) error {
	if caller != nil {
		ctx = context.WithoutCancel(ctx) // which the stop itself is about to end
	}
	pending := r.ask(ctx, handles, cause)
	wait := func() {
		for _, h := range pending {
			if h != caller {
				<-h.done
			}
		}
	}
	if caller == nil {
		wait()
	} else if x := caller.currentExecution(); x != nil {
		x.await(ctx, wait)
	}
	var errs []error
	for _, h := range pending {
		if err := h.Err(); err != nil {
			errs = append(errs, err)
		}
	}
	return join(errs)
}

// ask has tasks end, and sees to it that they do by the end of the grace, or of
// ctx. It returns those that are not over.
func (r *Runner) ask(ctx context.Context, handles []*Handle, cause string) []*Handle {
	ctx, cancel := context.WithTimeout(ctx, r.config.grace)
	r.mu.Lock()
	for _, h := range handles {
		h.barred = true // none begins because another ends
	}
	var pending []*Handle
	for _, h := range handles {
		if h.endLocked(); !h.over {
			pending = append(pending, h)
		}
	}
	turns := turnsOf(pending)
	r.enforcing++
	r.mu.Unlock()
	tries := r.tell(ctx, turns.first, cause)
	go func() { // ends with the last of pending: checkEndLocked waits for it
		defer cancel()
		tries = append(tries, r.tellInTurn(ctx, turns, cause)...)
		r.enforce(ctx, tries)
		r.disengage()
	}()
	return pending
}

// tell tells the tasks' attempts to stop, unless they know, and returns them.
func (r *Runner) tell(ctx context.Context, handles []*Handle, cause string) []*try {
	var tries, asked []*try
	r.mu.Lock()
	for _, h := range handles {
		if t := h.try; t != nil {
			tries = append(tries, t)
			if t.askLocked(cause) {
				asked = append(asked, t)
			}
		}
	}
	r.mu.Unlock()
	for _, t := range asked {
		t.execution.stop(ctx, task.ErrStopped)
	}
	return tries
}

// turns is the order in which tasks are told to stop.
type turns struct {
	first []*Handle // at once: no other one of them needs them
	later []turn
	depth int // of the longest chain of needs
}

// turn is the turn of a task that others need.
type turn struct {
	handle     *Handle
	dependents []*Handle
	level      int // how many come before it, one after the other
}

// turnsOf finds the order for tasks that are not over. It is called under the lock.
func turnsOf(pending []*Handle) turns {
	if len(pending) == 0 || len(pending[0].runner.dependents) == 0 {
		return turns{first: pending}
	}
	here := make(map[*Handle]bool, len(pending))
	for _, h := range pending {
		here[h] = true
	}
	dependents := make(map[*Handle][]*Handle)
	for _, h := range pending {
		for _, d := range h.job.needs {
			for _, other := range h.runner.namedLocked(d.name) {
				if here[other] && other != h {
					dependents[other] = append(dependents[other], h)
				}
			}
		}
	}
	levels := make(map[*Handle]int)
	var level func(h *Handle) int
	level = func(h *Handle) int {
		if n, known := levels[h]; known {
			return n
		}
		n := 0
		for _, d := range dependents[h] {
			n = max(n, level(d)+1)
		}
		levels[h] = n
		return n
	}
	var t turns
	for _, h := range pending {
		n := level(h)
		t.depth = max(t.depth, n)
		if n == 0 {
			t.first = append(t.first, h)
		} else {
			t.later = append(t.later, turn{h, dependents[h], n})
		}
	}
	return t
}

// tellInTurn tells the others as soon as what needs them has stopped, or as soon as
// they would lack the time. It returns when all were told.
func (r *Runner) tellInTurn(ctx context.Context, t turns, cause string) []*try {
	if len(t.later) == 0 {
		return nil
	}
	deadline, _ := ctx.Deadline()
	share := time.Until(deadline) / time.Duration(t.depth+1)
	var mu sync.Mutex
	var tries []*try
	var telling sync.WaitGroup
	for _, turn := range t.later {
		telling.Go(func() {
			patience := time.NewTimer(share * time.Duration(turn.level))
			defer patience.Stop()
			for _, d := range turn.dependents {
				select {
				case <-d.done:
				case <-patience.C:
					patience.Reset(0)
				}
			}
			told := r.tell(ctx, []*Handle{turn.handle}, cause)
			mu.Lock()
			defer mu.Unlock()
			tries = append(tries, told...)
		})
	}
	telling.Wait()
	return tries
}

// enforce waits for attempts, and insists on those that are not over when ctx ends.
func (r *Runner) enforce(ctx context.Context, tries []*try) {
	done := make([]<-chan struct{}, len(tries))
	r.mu.Lock()
	for i, t := range tries {
		done[i] = t.doneLocked()
	}
	r.mu.Unlock()
	for _, d := range done {
		select {
		case <-d:
		case <-ctx.Done():
		}
	}
	patience := time.NewTimer(reapTimeout)
	defer patience.Stop()
	killed := make([]bool, len(tries))
	for i, t := range tries {
		killed[i] = t.insist()
	}
	for i, t := range tries {
		if !killed[i] {
			continue
		}
		select {
		case <-done[i]:
		case <-patience.C:
			patience.Reset(0)
			t.abandon()
		}
	}
}

// disengage ends what raised enforcing.
func (r *Runner) disengage() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enforcing--
	r.checkEndLocked()
}

// caller finds the task that is calling: by its ctx, or where it gave another by
// its stack.
func (r *Runner) caller(ctx context.Context, handles []*Handle) *Handle {
	if t, ok := task.HostOf(ctx).(*try); ok && t.runner == r {
		return t.Handle
	}
	trace := attempt.Here()
	if trace == "" {
		return nil
	}
	for _, h := range handles {
		if x := h.currentExecution(); x != nil && x.runs(trace) {
			return h
		}
	}
	return nil
}
