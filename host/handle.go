package host

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Handle is an embedder's view of one task. [Runner.Add] makes it; its methods
// are safe from any goroutine, at any time.
type Handle struct {
	runner *Runner
	job    job // as it was added
	group  *group
	set    string // the name of the Replicas that it is one of, or ""
	index  int    // in the order of Add

	// Under the runner's lock.
	done      chan struct{} // closed when over; nil until someone waits
	state     State
	cause     string // why it is in that state
	mode      Mode   // of its attempts
	try       *try   // the attempt that is not over, or nil
	attempts  int
	wasReady  bool // once, in some attempt
	barred    bool // no attempt begins any more
	ending    bool // a stop was asked
	over      bool // what follows is final
	leaving   bool // it is being removed: it counts no more as one of its Replicas
	forgotten bool // it is removed as soon as it is over
	gone      bool // it is out of all lists, or to be skipped in them
	result    json.RawMessage
	err       *TaskError

	blocker *Handle // which it waits for; it may wait for others too
	round   *round  // the restart that it is part of, or nil
	past    *past   // nil until there is any
}

// past is what is remembered of a task that reports, keeps checkpoints, waits for others
// or is begun again. Most do not.
type past struct {
	progress   Progress      // that was reported last
	checkpoint *checkpoint   // the newest, or nil
	waitCause  string        // of the attempt that waits for what the task needs
	budget     budget        // of restarts
	renewed    chan struct{} // closed when its restart is through; nil until someone waits for that
	last       *TaskError    // of the last attempt
	panics     int
	reloaded   *job // what the next attempts take for job, or nil
}

// checkpoint is what an attempt keeps for the next. It is final.
type checkpoint struct{ data json.RawMessage }

// pastLocked is the task's past, to be changed.
func (h *Handle) pastLocked() *past {
	if h.past == nil {
		h.past = new(past)
	}
	return h.past
}

// lastLocked is how the last attempt failed, or nil.
func (h *Handle) lastLocked() *TaskError {
	if h.past == nil {
		return nil
	}
	return h.past.last
}

// ID is the task's id.
func (h *Handle) ID() string { return h.job.id }

// Kind is the task's kind, without its plugin's name.
func (h *Handle) Kind() string { return h.job.kind.Name }

// Plugin is the name of the plugin that offers the task's kind, or "" for a kind of
// this program.
func (h *Handle) Plugin() string { return h.job.kind.Plugin }

// Mode is where the task runs, or last ran: [Spec.Isolate] may change it.
func (h *Handle) Mode() Mode { return locked(h, func() Mode { return h.mode }) }

// State is the task's state now.
func (h *Handle) State() State { return locked(h, func() State { return h.state }) }

// Cause says in words why the task is in its state: what it waits for, how its last
// attempt failed, why it was told to stop, why it never started. It is empty where
// there is nothing to say.
func (h *Handle) Cause() string {
	return locked(h, func() string {
		if h.state == StateWaiting && !h.over {
			if unmet, _, _ := h.unmetLocked(); unmet != "" {
				return unmet // some of which may be met by now
			}
		}
		return h.cause
	})
}

// Ready reports whether the task runs and is up: it has said so, or the check of
// its [Readiness] has passed.
func (h *Handle) Ready() bool {
	return locked(h, func() bool { return h.state == StateRunning && h.try.ready })
}

// Next is when the next attempt of a task that backs off begins, at the earliest,
// or the zero Time.
func (h *Handle) Next() time.Time { return locked(h, h.nextLocked) }

func (h *Handle) nextLocked() time.Time {
	if h.state != StateBackingOff || h.round == nil {
		return time.Time{}
	}
	return h.round.next
}

// Attempts is how many attempts were begun.
func (h *Handle) Attempts() int { return locked(h, func() int { return h.attempts }) }

// Progress is what the task reported last.
func (h *Handle) Progress() Progress {
	return locked(h, func() Progress {
		if h.past == nil {
			return Progress{}
		}
		return h.past.progress
	})
}

// Result is what the task returned, as JSON, or nil; see [Result] for the typed
// one. It is there once Done is closed, also after a stop or a failure if the
// task returned one; secrets of the task's config are masked in it. The caller must
// not change it.
func (h *Handle) Result() json.RawMessage {
	return locked(h, func() json.RawMessage { return h.result })
}

// Err is how the task failed, a [*TaskError], once Done is closed. It is nil if
// it succeeded, was stopped cleanly, or never started.
func (h *Handle) Err() error {
	return locked(h, func() error {
		if h.err == nil {
			return nil
		}
		return h.err
	})
}

// Done is closed when the task has ended, or will never start, or was abandoned.
func (h *Handle) Done() <-chan struct{} { return locked(h, h.doneLocked) }

func (h *Handle) doneLocked() <-chan struct{} {
	if h.done == nil {
		h.done = make(chan struct{})
		if h.over {
			close(h.done)
		}
	}
	return h.done
}

func (h *Handle) overLocked() bool { return h.over }

// Stop stops this task alone, as [Runner.Stop] does all of them.
func (h *Handle) Stop(ctx context.Context) error {
	return h.runner.stop(ctx, []*Handle{h}, h.runner.caller(ctx), "")
}

func locked[T any](h *Handle, get func() T) T {
	h.runner.lock()
	defer h.runner.unlock()
	return get()
}

// Result waits until the task has ended and decodes its result. It fails with
// the task's own error, with task.ErrBadResult if the result does not decode into
// a T, and with ctx's cause. A task that returned nothing, or never started,
// gives the zero T.
func Result[T any](ctx context.Context, h *Handle) (T, error) {
	var v T
	select {
	case <-h.Done():
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
	raw, err := h.Result(), h.Err()
	if raw == nil {
		return v, err
	}
	if bad := json.Unmarshal(raw, &v); bad != nil && err == nil {
		err = fmt.Errorf("%w of task %q: %w", task.ErrBadResult, h.job.id, bad)
	}
	return v, err
}
