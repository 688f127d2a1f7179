package host

import (
	"context"
	"log/slog"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/eventloop"
	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// async is the executor of async mode: one event loop.
type async struct{ loop *eventloop.Loop }

func newAsync(logger *slog.Logger) *async {
	return &async{eventloop.New(eventloop.Config{
		Blocked: func(name string, held time.Duration, stack string) {
			logger.Warn("a task holds the event loop: let it call task.Await, task.Sleep or task.Yield",
				"task", name, "held", held, "stack", stack)
		},
	})}
}

// close ends the loop. A task that was abandoned keeps it until the task ends.
func (a *async) close(abandoned bool) {
	if abandoned {
		go a.loop.Close()
		return
	}
	a.loop.Close()
}

func (a *async) prepare(c call) execution {
	e := &coroutine{call: c, loop: a.loop}
	e.attempt = attempt.New(task.WithScheduler(c.ctx, e), attempt.Of(c.job.kind.Local(), c.job.config))
	return e
}

// coroutine is an attempt on the loop. It is also the scheduler on the ctx of its
// task: that of the loop's coroutine, which is known only once that runs.
type coroutine struct {
	call
	task.Scheduler // set when the coroutine runs
	loop           *eventloop.Loop
	attempt        *attempt.Attempt
	coroutine      *eventloop.Coroutine // set by begin
}

func (e *coroutine) begin() {
	started, ended := e.punctual()
	e.coroutine = e.loop.Go(e.job.id, func(s task.Scheduler) {
		e.Scheduler = s
		e.attempt.Run(started, func(e attempt.End) { ended(end{End: e}) })
	})
}

// stop asks on the loop if the task has a Stopper: code of two async tasks never
// runs at the same instant.
func (e *coroutine) stop(ctx context.Context, cause error) {
	coroutines := []*eventloop.Coroutine{e.coroutine}
	if e.attempt.HasStopper() {
		coroutines = append(coroutines, e.loop.Go(e.job.id, func(s task.Scheduler) {
			e.attempt.Stop(task.WithScheduler(ctx, s), cause)
		}))
	} else {
		e.attempt.Stop(ctx, cause)
	}
	if deadline, ok := ctx.Deadline(); ok {
		for _, c := range coroutines {
			time.AfterFunc(time.Until(deadline)/2, func() { evict(ctx, c, 0) })
		}
	}
}

// evict takes a coroutine of a task off the loop if it is in the same step as when
// evict looked last, and else looks again, until ctx, the stop's, ends: the others
// need the loop to stop in time.
func evict(ctx context.Context, c *eventloop.Coroutine, last uint64) {
	step := c.Step()
	switch {
	case ctx.Err() != nil:
	case step != 0 && step == last:
		c.Orphan()
	default:
		time.AfterFunc(eventloop.BlockedAfter, func() { evict(ctx, c, step) })
	}
}

func (e *coroutine) insist() bool { return false }

func (e *coroutine) ping(context.Context) string { return "" }
func (e *coroutine) runs(t attempt.Trace) bool   { return t.Runs(e.attempt) }

// await gives the loop to others, by the scheduler of the coroutine that ctx is of.
func (e *coroutine) await(ctx context.Context, f func()) {
	if task.HostOf(ctx) == nil {
		ctx = task.WithScheduler(ctx, e)
	}
	_, _ = task.Await(ctx, func(context.Context) (any, error) {
		f()
		return nil, nil
	})
}
