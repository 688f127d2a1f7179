package host

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// scope is an attempt as what the ctx of its task is made of: the run's ctx, with the
// attempt as the task.Host and, in async mode, its coroutine as the task.Scheduler. It is
// the try itself, and so takes no memory.
type scope try

var _ context.Context = (*scope)(nil)

// Deadline implements context.Context: a run's ctx has none.
func (s *scope) Deadline() (time.Time, bool) { return s.runner.ctx.Deadline() }

// Done implements context.Context: a run's ctx does not end.
func (s *scope) Done() <-chan struct{} { return s.runner.ctx.Done() }

// Err implements context.Context.
func (s *scope) Err() error { return s.runner.ctx.Err() }

// Value implements context.Context.
func (s *scope) Value(key any) any {
	switch {
	case task.IsHostKey(key):
		return (*try)(s)
	case task.IsSchedulerKey(key):
		if e, ok := s.execution.(*coroutine); ok {
			return e.routine.Scheduler()
		}
	}
	return s.runner.ctx.Value(key)
}
