package host

import (
	"context"
	"iter"
	"sync"
	"time"
)

// EventType says what an event tells.
type EventType string

// The types of events.
const (
	EventState    EventType = "state"    // the task's State changed, or why it is in it
	EventReady    EventType = "ready"    // the task says that it is up
	EventProgress EventType = "progress" // the task reports work done
)

// Event is something that happened to a task.
type Event struct {
	Time     time.Time
	Task     string // its id
	Kind     string // as its Spec names it
	Mode     Mode
	Attempt  int // from 1; 0 before the first
	Type     EventType
	State    State    // after the event
	Progress Progress // of EventProgress

	// Of EventState:

	// Cause says in words why the task is in this state, or is empty: see [Handle.Cause].
	Cause string
	// Next is when the next attempt begins at the earliest, in StateBackingOff.
	Next time.Time
	// Err is a *TaskError where the task has failed or was abandoned, and in
	// StateBackingOff where its last attempt has failed.
	Err error
}

// Progress is work done, in the task's own unit.
type Progress struct {
	Done    int64
	Total   int64 // 0 where it is not known
	Message string
}

// subscription is the queue between a runner and one reader of its events. It
// never blocks the runner and drops nothing but progress that is older than the
// newest of its task.
type subscription struct {
	mu       sync.Mutex
	queue    []Event
	progress map[string]int // place in queue of a task's newest progress, by id
	ended    bool
	wake     chan struct{} // one token: there is something to see
}

func newSubscription() *subscription {
	return &subscription{progress: make(map[string]int), wake: make(chan struct{}, 1)}
}

// push is called with the runner's lock held, in the order of events.
func (s *subscription) push(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.progress[e.Task]; ok && e.Type == EventProgress {
		s.queue[at] = e // nothing of this task came after it
		return
	}
	delete(s.progress, e.Task)
	if e.Type == EventProgress {
		s.progress[e.Task] = len(s.queue)
	}
	s.queue = append(s.queue, e)
	s.signal()
}

func (s *subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.signal()
}

func (s *subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns what has come, and whether more can come.
func (s *subscription) take() ([]Event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.queue
	s.queue = nil
	clear(s.progress)
	return events, !s.ended
}

// Events subscribes to what happens from now on; call it before Start to miss
// nothing. The iteration ends after the run's last event, or with ctx. It gives
// each task's events in order and drops none, except that of progress that
// waits to be read only the newest of a task is kept. A slow reader slows no
// task; what it has not read is kept in memory, so read, or end ctx.
//
// The sequence is for one reader; call Events once for each.
func (r *Runner) Events(ctx context.Context) iter.Seq[Event] {
	s := newSubscription()
	r.lock()
	if r.state == RunEnded {
		s.end()
	} else {
		r.subscriptions[s] = struct{}{}
	}
	r.unlock()
	release := context.AfterFunc(ctx, func() { r.unsubscribe(s) })
	return func(yield func(Event) bool) {
		defer release()
		defer r.unsubscribe(s)
		for {
			events, more := s.take()
			for _, e := range events {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
			if !more {
				return
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (r *Runner) unsubscribe(s *subscription) {
	r.lock()
	defer r.unlock()
	delete(r.subscriptions, s)
}
