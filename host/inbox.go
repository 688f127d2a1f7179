package host

import "sync/atomic"

// inbox is what executors have told of attempts, and the runner has not noted yet.
// Who tells never waits for the runner's lock, and whoever holds it notes what has
// come before anything else: were the lock taken by each, a million tasks that end at
// once would queue for it one by one, a switch of goroutines for each.
type inbox struct{ newest atomic.Pointer[try] }

// tidings are what an executor tells of an attempt.
type tidings = uint32

const (
	hasStarted tidings = 1 << iota
	hasEnded           // as it is in try.end
)

// tell puts the attempt into the inbox, and has the runner look there.
func (t *try) tell(what tidings) {
	t.put(what)
	t.runner.catchUp()
}

// put puts the attempt into the inbox, where it is once at most.
func (t *try) put(what tidings) {
	if t.untold.Or(what) != 0 {
		return // it is there
	}
	for in := &t.runner.inbox; ; {
		t.next = in.newest.Load()
		if in.newest.CompareAndSwap(t.next, t) {
			return
		}
	}
}

// lock takes the runner's lock, under which everything is known that was told before.
func (r *Runner) lock() {
	r.mu.Lock()
	r.noteLocked()
}

// unlock gives the lock back. What was told meanwhile by who did not get it is noted by
// who held it.
func (r *Runner) unlock() {
	r.mu.Unlock()
	r.catchUp()
}

// catchUp empties the inbox, unless somebody else holds the lock, who will.
func (r *Runner) catchUp() {
	for r.inbox.newest.Load() != nil && r.mu.TryLock() {
		r.noteLocked()
		r.mu.Unlock()
	}
}

// noteLocked notes what is in the inbox, in the order in which it came.
func (r *Runner) noteLocked() {
	if r.inbox.newest.Load() == nil {
		return
	}
	var oldest *try
	for t := r.inbox.newest.Swap(nil); t != nil; {
		older := t.next
		t.next, oldest = oldest, t
		t = older
	}
	for t := oldest; t != nil; {
		newer := t.next
		t.next = nil // before it may be told of again
		what := t.untold.Swap(0)
		if what&hasStarted != 0 {
			t.startedLocked()
		}
		if what&hasEnded != 0 {
			t.endedLocked()
		}
		t = newer
	}
}
