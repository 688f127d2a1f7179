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
func (*scope) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context: a run's ctx does not end.
func (*scope) Done() <-chan struct{} { return nil }

// Err implements context.Context.
func (*scope) Err() error { return nil }

// Value implements context.Context.
func (s *scope) Value(key any) any {
	switch {
	case task.IsSchedulerKey(key):
		if e, ok := s.execution.(*coroutine); ok {
			return e.routine.Scheduler()
		}
	case task.IsHostKey(key):
		return (*try)(s)
	}
	return s.runner.ctx.Value(key)
}
