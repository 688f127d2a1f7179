package attempt

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// scope is an Attempt as the ctx of its task: a child of the Attempt's own ctx that Stop
// ends, and the end of the task. Many tasks neither wait for it nor derive from it, and to
// them it costs nothing: what context.WithCancelCause makes would be two objects, and
// 0.1 µs of the 0.6 that else it takes to begin and end an attempt. Where it is asked for
// its Done it makes just that, and stands for it from then on: package context asks
// before anything derives from it, also by way of a value.
type scope Attempt

var _ context.Context = (*scope)(nil)

// closing is why a scope has ended.
type closing struct {
	cause error
	ended context.Context // one that has ended so
}

func newClosing(cause error) *closing {
	ended, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return &closing{cause, ended}
}

// Why most scopes end. They are shared.
//
//nolint:gochecknoglobals // values, which nobody changes
var (
	onRequest = newClosing(task.ErrStopped)
	atTheEnd  = newClosing(context.Canceled) // of the task
)

func closingFor(cause error) *closing {
	if cause == task.ErrStopped { //nolint:errorlint // not what wraps it
		return onRequest
	}
	return newClosing(cause)
}

// Deadline implements context.Context.
func (s *scope) Deadline() (time.Time, bool) { return s.parent.Deadline() }

// Done implements context.Context.
func (s *scope) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		s.realizeLocked()
	}
	return s.made.Done()
}

// realizeLocked makes what the scope stands for.
func (s *scope) realizeLocked() {
	s.made, s.cancel = context.WithCancelCause(s.parent)
	if c := s.closed.Load(); c != nil {
		s.cancel(c.cause)
	}
}

// Err implements context.Context.
func (s *scope) Err() error {
	c := s.closed.Load()
	if c == nil && s.parent.Done() == nil {
		return nil
	}
	s.mu.Lock()
	made := s.made
	s.mu.Unlock()
	switch {
	case made != nil:
		return made.Err()
	case c != nil:
		return c.ended.Err()
	default:
		return s.parent.Err()
	}
}

// Value implements context.Context. The key that package context finds its own by is a
// *int: it gets what the scope stands for, or a ctx that has ended in the same way.
func (s *scope) Value(key any) any {
	if _, own := key.(*int); own {
		s.mu.Lock()
		made := s.made
		s.mu.Unlock()
		if made != nil {
			return made.Value(key)
		}
		if c := s.closed.Load(); c != nil {
			if v := c.ended.Value(key); v != nil {
				return v
			}
		}
	}
	return s.parent.Value(key)
}

// String is what package context calls it in the String of what derives from it.
func (*scope) String() string { return "attempt.Attempt" }

// close ends the scope, unless it has ended.
func (s *scope) close(c *closing) {
	s.mu.Lock()
	end := s.closeLocked(c)
	s.mu.Unlock()
	end.call()
}

// closeLocked returns what is to be called once the lock is given back.
func (s *scope) closeLocked(c *closing) ending {
	if s.closed.Load() != nil {
		return ending{}
	}
	s.closed.Store(c)
	return ending{s.cancel, c.cause}
}

// ending is the end of what a scope stands for, if it does.
type ending struct {
	cancel context.CancelCauseFunc
	cause  error
}

func (e ending) call() {
	if e.cancel != nil {
		e.cancel(e.cause)
	}
}
