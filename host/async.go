package host

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/eventloop"
	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// async is the executor of async mode: one event loop.
type async struct{ loop *eventloop.Loop }

func newAsync(c *config) *async {
	return &async{loop: eventloop.New(eventloop.Config{
		Blocked: func(name string, held time.Duration, stack string) {
			c.logger.Warn("a task holds the event loop: let it call task.Await, task.Sleep or task.Yield",
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
	e := &coroutine{teller: c.teller, async: a}
	e.attempt.Init(c.ctx)
	return e
}

// coroutine is an attempt on the loop, the body of the loop's coroutine, and its own
// attempt.Owner.
type coroutine struct {
	teller
	async   *async
	attempt attempt.Attempt
	routine eventloop.Coroutine
}

func (e *coroutine) begin() {
	e.expectLocked()
	e.async.loop.Start(&e.routine, e)
}

// Name is the coroutine's.
func (e *coroutine) Name() string { return e.try.job.id }

// Run is the coroutine.
func (e *coroutine) Run(task.Scheduler) { e.attempt.RunFor(e) }

// Context is the task's, which stop itself ends, and then wakes the task. Where it is for
// a Stopper to end first, or for its time, it is watched as any other.
func (e *coroutine) Context() context.Context {
	if e.attempt.HasStopper() {
		return nil
	}
	return e.attempt.Context()
}

func (e *coroutine) Make(context.Context) (task.Task, error) {
	return e.try.job.kind.New(e.try.job.config)
}

func (e *coroutine) Started() { e.started() }

func (e *coroutine) Ended(a *attempt.End) { e.try.leave(e.try.runner.ends.of(a)) }

// Gone has the runner note the end.
func (e *coroutine) Gone() { e.try.runner.catchUp() }

// stop asks on the loop if the task has a Stopper: code of two async tasks never
// runs at the same instant. The task and its Stop leave the loop if they hold it
// until half of the time is over: the others need it to stop in time.
func (e *coroutine) stop(ctx context.Context, cause error) {
	e.routine.Notice(ctx)
	if !e.attempt.HasStopper() {
		e.attempt.Stop(ctx, cause)
		e.routine.Wake()
		return
	}
	stopper := e.async.loop.Go(e.try.job.id, func(s task.Scheduler) {
		e.attempt.Stop(task.WithScheduler(ctx, s), cause)
	})
	stopper.Notice(ctx)
}

func (e *coroutine) insist() bool { return false }

func (e *coroutine) ping(context.Context) string { return "" }
func (e *coroutine) runs(t attempt.Trace) bool   { return t.Runs(&e.attempt) }

// await gives the loop to others, by the scheduler of the coroutine that ctx is of.
func (e *coroutine) await(ctx context.Context, f func()) {
	if task.HostOf(ctx) == nil {
		ctx = task.WithScheduler(ctx, e.routine.Scheduler())
	}
	_, _ = task.Await(ctx, func(context.Context) (any, error) {
		f()
		return nil, nil
	})
}
