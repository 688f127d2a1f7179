package attempt

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// scope is an Attempt as the ctx of its task: a child of the Attempt's own ctx that Stop
// ends, and the end of the task. It is what context.WithCancelCause would make, but takes
// no memory: that would be two objects, of 96 bytes, and 0.16 µs, as much as all else of
// an attempt whose task does nothing.
type scope Attempt

var _ context.Context = (*scope)(nil)

// closing is why a scope has ended.
type closing struct {
	err  error           // what its Err returns
	done context.Context // one that has ended so, for what package context asks for
}

func newClosing(err, cause error) *closing {
	done, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return &closing{err, done}
}

// Why most scopes end.
//
//nolint:gochecknoglobals // values, which nobody changes
var (
	onRequest = newClosing(context.Canceled, task.ErrStopped)
	atTheEnd  = newClosing(context.Canceled, context.Canceled) // of the task
)

func closingFor(cause error) *closing {
	if cause == task.ErrStopped { //nolint:errorlint // not what wraps it
		return onRequest
	}
	return newClosing(context.Canceled, cause)
}

// Deadline implements context.Context.
func (s *scope) Deadline() (time.Time, bool) { return s.parent.Deadline() }

// Done implements context.Context. Few ask for it on an event loop.
func (s *scope) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.closed.Load() != nil {
			close(s.done)
		}
	}
	return s.done
}

// Err implements context.Context.
func (s *scope) Err() error {
	if c := s.closed.Load(); c != nil {
		return c.err
	}
	return s.parent.Err()
}

// Value implements context.Context. What package context keeps in a Value of its own, such
// as the cause, is that of a ctx that has ended in the same way.
func (s *scope) Value(key any) any {
	if c := s.closed.Load(); c != nil {
		if v := c.done.Value(key); v != nil {
			return v
		}
	}
	return s.parent.Value(key)
}

// String is what package context calls it in the String of what derives from it.
func (*scope) String() string { return "attempt.Attempt" }

// AfterFunc has f called when the scope ends, by who ends it: for what derives from it,
// package context calls it, with an f that is quick. stop reports whether it came first.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() != nil {
		go f() // who calls may hold what f needs
		return func() bool { return false }
	}
	more := (*Attempt)(s).moreLocked()
	if more.after == nil {
		more.after = make(calls)
	}
	more.after[&f] = struct{}{}
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, first := more.after[&f]
		delete(more.after, &f)
		return first
	}
}

// close ends the scope, unless it has ended.
func (s *scope) close(c *closing) {
	s.mu.Lock()
	after := s.closeLocked(c)
	s.mu.Unlock()
	after.call()
}

// closeLocked returns what is to be called once the lock is given back.
func (s *scope) closeLocked(c *closing) (after calls) {
	if s.closed.Load() != nil {
		return nil
	}
	s.closed.Store(c)
	if s.done != nil {
		close(s.done)
	}
	if s.more != nil {
		after, s.more.after = s.more.after, nil
	}
	return after
}

// calls are functions to be called.
type calls map[*func()]struct{}

func (c calls) call() {
	for f := range c {
		(*f)()
	}
}

// follow ends the scope soon after its parent, which can end.
func (s *scope) follow() {
	stop := context.AfterFunc(s.parent, func() {
		s.close(newClosing(s.parent.Err(), context.Cause(s.parent)))
	})
	s.AfterFunc(func() { stop() })
}
