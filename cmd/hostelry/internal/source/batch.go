package source

import (
	"context"
	"sync"
	"time"
)

// settled is how long nothing must have happened after a change: an editor writes
// another file and renames it, a checkout writes many.
const settled = 200 * time.Millisecond

// batch collects changes between one who must not wait and one who waits.
type batch struct {
	mu      sync.Mutex
	changes []Change
	wake    chan struct{} // one token: there is something to see
}

func newBatch() *batch { return &batch{wake: make(chan struct{}, 1)} }

func (b *batch) put(c Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, c)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *batch) take() []Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	changes := b.changes
	b.changes = nil
	return changes
}

// next waits for changes that are wanted, and then until no more have come for a while.
// It returns them, or nil if ctx ends.
func (b *batch) next(ctx context.Context, wanted func(Change) bool) []Change {
	var all []Change
	var quiet <-chan time.Time // nil until there is a change
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-quiet:
			return all
		case <-b.wake:
			for _, c := range b.take() {
				if wanted(c) {
					all, quiet = append(all, c), time.After(settled)
				}
			}
		}
	}
}
