package task

import (
	"context"
	"time"
)

// Sleep waits for d, or until ctx is done, and then returns ctx's cause, or nil.
// In async mode it gives the event loop to other tasks meanwhile, even if d is
// zero or negative or ctx is done already.
func Sleep(ctx context.Context, d time.Duration) error {
	if s := schedulerOf(ctx); s != nil {
		s.Sleep(ctx, d)
	} else {
		sleep(ctx, d)
	}
	return context.Cause(ctx)
}

// sleep is a function of its own to keep what it needs of the stack from tasks that
// sleep on an event loop: there may be a million, each on the 2 KB that Go begins with.
//
//go:noinline
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Await calls f, which may block, and returns what it returned. In async mode f
// runs on a goroutine of its own, off the event loop, while other tasks run on
// the loop; so f must not touch what tasks share without a lock, and in f the
// functions Sleep, Await and Yield are the plain ones. In other modes it is a
// plain call. It always waits for f, which should return when ctx is done. A
// panic or Goexit in f is one of the task.
func Await[T any](ctx context.Context, f func(ctx context.Context) (T, error)) (T, error) {
	s := schedulerOf(ctx)
	if s == nil {
		return f(ctx)
	}
	var (
		v   T
		err error
		bad *PanicError
	)
	s.Await(func() {
		Guard(func() { v, err = f(WithScheduler(ctx, nil)) }, func(e *PanicError) { bad = e })
	})
	if bad != nil {
		panic(bad)
	}
	return v, err
}

// Yield gives other tasks of the event loop a turn, and returns ctx's cause, or
// nil. A loop over much work in async mode calls it every few milliseconds. In
// other modes, and outside a host, it only looks at ctx.
func Yield(ctx context.Context) error {
	if s := schedulerOf(ctx); s != nil {
		s.Yield()
	}
	if ctx.Err() == nil {
		return nil // and spare the rest: this is the loop's hot path
	}
	return context.Cause(ctx)
}
