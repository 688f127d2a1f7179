// Package task is the contract between a task and whoever runs it. An author
// implements [Task], gives it a name with [NewKind], and hands the kind to
// package plugin (to ship it as a binary of its own) or to an embedder's
// catalog (to run it inside their program). The same kind then runs as a
// goroutine, as a coroutine on one event loop, or in a process of its own,
// unchanged.
//
// What a task may ask of its host comes by functions on the ctx that Run
// receives: [Logger], [ID], [Attempt], [Ready], [Progress], [Heartbeat],
// [Checkpoint], [Restore], [Sleep], [Await] and [Yield]. A task that needs none
// of them imports nothing. With a plain context, as in a unit test that calls
// Run(context.Background()), each does the obvious local thing, which its
// comment states.
//
// The package imports the standard library only.
package task

import "context"

// Task is one unit of stoppable work.
type Task interface {
	// Run does the work. The host calls it exactly once, on a Task that its
	// kind made for this attempt; a restart makes a new Task.
	//
	// Run blocks until the work ends or ctx is done, and returns only after
	// everything that it started has ended: its return, not ctx, is what
	// "stopped" means. When the host asks for a stop, ctx is cancelled and
	// [context.Cause] is [ErrStopped] (or [ErrHostGone], in a plugin whose host
	// died). To return that cause, ctx.Err() or nil is then a clean stop; any
	// other error is a failure. How long Run may take after the request is the
	// host's grace, 5 seconds unless it was set. After that a process is
	// killed, and a goroutine or coroutine is abandoned: reported by name and
	// never waited for again.
	//
	// The result is any value that encoding/json encodes, nil included; it is
	// encoded once, when Run returns. A result returned after a stop is kept. A
	// result that does not encode fails this task alone, with [ErrBadResult].
	//
	// A panic or runtime.Goexit in Run is a failure that carries its stack. A
	// panic in a goroutine that Run started cannot be caught: in process mode it
	// ends the plugin's process, in the other modes the host's.
	//
	// In async mode Run shares one event loop with other tasks and must not
	// block it: use [Sleep], [Await] and [Yield]. There it must not call
	// runtime.LockOSThread either, which would end the process: a function given
	// to Await may.
	Run(ctx context.Context) (any, error)
}

// Stopper is for a Task that has a way of its own to be stopped, such as a
// server with a Shutdown method. It is optional.
type Stopper interface {
	// Stop asks Run to return. The host calls it at most once an attempt, while
	// Run is running, before it cancels Run's ctx: from another goroutine, or in
	// async mode from another coroutine of the same loop. ctx ends when the
	// grace does. Once Stop returns, or half of the grace has passed, Run's ctx
	// is cancelled. An attempt ends when both Run and Stop have returned, and an
	// error of Stop is a failure of the task.
	Stop(ctx context.Context) error
}

// Func makes a Task of a function, for tasks without state.
type Func func(ctx context.Context) (any, error)

// Run calls f.
func (f Func) Run(ctx context.Context) (any, error) { return f(ctx) }
