package task

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// Host is what a host puts on a task's ctx with [WithHost]; the functions of
// this package find it there. Authors of tasks do not need it: authors of hosts
// and of test kits implement it. One Host serves one attempt. Its methods are
// called from any goroutine of the task, at any time until Run has returned.
type Host interface {
	// ID is the task's id in its run.
	ID() string
	// Attempt counts from 1.
	Attempt() int
	// Logger is never nil.
	Logger() *slog.Logger
	// Ready marks the task as ready. It is called any number of times.
	Ready()
	// Progress reports work done out of a total, in the task's own unit; total
	// is 0 where it is not known. It must not block for long.
	Progress(done, total int64, message string)
	// Heartbeat says that the task is alive. It must not block for long.
	Heartbeat()
	// Checkpoint keeps data for the next attempt and returns once it is kept.
	Checkpoint(ctx context.Context, data json.RawMessage) error
	// Restore is the newest checkpoint of earlier attempts, or nil.
	Restore() json.RawMessage
}

// Scheduler is what an event loop puts on a task's ctx with [WithScheduler].
// Its methods are called from the task's own coroutine only.
type Scheduler interface {
	// Sleep gives the loop to others for d or until ctx is done.
	Sleep(ctx context.Context, d time.Duration)
	// Await runs f off the loop, gives the loop to others, and returns once f
	// has returned.
	Await(f func())
	// Yield gives the loop to others once.
	Yield()
}

type (
	hostKey      struct{}
	schedulerKey struct{}
)

// WithHost returns a ctx on which this package's functions find h. A host calls
// it once an attempt, before Run.
func WithHost(ctx context.Context, h Host) context.Context {
	return context.WithValue(ctx, hostKey{}, h)
}

// WithScheduler returns a ctx on which [Sleep], [Await] and [Yield] find s. An
// event loop calls it once for each coroutine.
func WithScheduler(ctx context.Context, s Scheduler) context.Context {
	return context.WithValue(ctx, schedulerKey{}, s)
}

// IsHostKey reports whether a ctx is asked for its Host. A host that has a context of
// its own for each attempt answers with that in its Value, and needs no WithHost.
func IsHostKey(key any) bool { _, ok := key.(hostKey); return ok }

// IsSchedulerKey reports whether a ctx is asked for its Scheduler, likewise.
func IsSchedulerKey(key any) bool { _, ok := key.(schedulerKey); return ok }

// HostOf returns the Host that [WithHost] put on ctx, or nil. A host calls it to
// learn whether one of its own tasks is calling.
func HostOf(ctx context.Context) Host {
	h, _ := ctx.Value(hostKey{}).(Host)
	return h
}

func hostOf(ctx context.Context) Host {
	if h := HostOf(ctx); h != nil {
		return h
	}
	return local{}
}

func schedulerOf(ctx context.Context) Scheduler {
	s, _ := ctx.Value(schedulerKey{}).(Scheduler)
	return s
}

// local is the Host of a ctx that has none.
type local struct{}

func (local) ID() string           { return "local" }
func (local) Attempt() int         { return 1 }
func (local) Logger() *slog.Logger { return slog.Default() }
func (local) Ready()               {}
func (local) Heartbeat()           {}
func (local) Progress(done, total int64, message string) {
	slog.Default().Debug("progress", "done", done, "total", total, "message", message)
}
func (local) Checkpoint(context.Context, json.RawMessage) error { return nil }
func (local) Restore() json.RawMessage                          { return nil }
