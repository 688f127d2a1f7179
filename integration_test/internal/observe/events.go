package observe

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// Patience is how long Await waits for what must happen.
const Patience = 2 * time.Minute

// Events keeps what a test may wait for of a run's events. Its methods are safe
// from any goroutine.
type Events struct {
	ended chan struct{} // closed after the run's last event

	mu      sync.Mutex
	events  []host.Event  // progress: the newest of each task alone
	changed chan struct{} // closed when events change
}

// Follow follows a runner. Call it before Start to miss nothing. Its goroutine ends
// with the run.
func Follow(r *host.Runner) *Events {
	e := &Events{ended: make(chan struct{}), changed: make(chan struct{})}
	events := r.Events(context.Background())
	go func() {
		defer close(e.ended)
		for event := range events {
			e.add(event)
		}
	}()
	return e
}

func (e *Events) add(event host.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if event.Type == host.EventProgress {
		e.events = slices.DeleteFunc(e.events, func(old host.Event) bool {
			return old.Type == event.Type && old.Task == event.Task
		})
	}
	e.events = append(e.events, event)
	close(e.changed)
	e.changed = make(chan struct{})
}

// Ended is closed after the run's last event.
func (e *Events) Ended() <-chan struct{} { return e.ended }

// All returns every event so far, of progress the newest of each task alone.
func (e *Events) All() []host.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

func (e *Events) look(match func(host.Event) bool) (int, chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.IndexFunc(e.events, match), e.changed
}

// Await waits until there is an event that matches, and returns the first one. It
// must be called from the test's goroutine.
func (e *Events) Await(t testing.TB, what string, match func(host.Event) bool) host.Event {
	t.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for over := false; ; {
		at, changed := e.look(match)
		if at >= 0 {
			return e.All()[at]
		}
		if over {
			t.Fatalf("the run ended without this: %s", what)
		}
		select {
		case <-changed:
		case <-e.ended:
			over = true
		case <-timeout.C:
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}
