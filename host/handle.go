package host

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Handle is an embedder's view of one task. [Runner.Add] makes it; its methods
// are safe from any goroutine, at any time.
type Handle struct {
	runner *Runner
	job    job
	done   chan struct{} // closed after the fields below are final

	// Under runner.mu.
	state      State
	execution  execution // the attempt's; nil before the first
	attempts   int
	ready      bool
	asked      bool // a stop was asked
	forced     bool // and the runner insisted
	over       bool // done is closed
	progress   Progress
	checkpoint json.RawMessage
	result     json.RawMessage
	err        *TaskError
}

// ID is the task's id.
func (h *Handle) ID() string { return h.job.id }

// Kind is the task's kind, without its plugin's name.
func (h *Handle) Kind() string { return h.job.kind.Name }

// Mode is where the task runs.
func (h *Handle) Mode() Mode { return h.job.mode }

// State is the task's state now.
func (h *Handle) State() State { return locked(h, func() State { return h.state }) }

// Ready reports whether the running task has said that it is up.
func (h *Handle) Ready() bool {
	return locked(h, func() bool { return h.ready && h.state == StateRunning })
}

// Attempts is how many attempts were begun.
func (h *Handle) Attempts() int { return locked(h, func() int { return h.attempts }) }

// Progress is what the task reported last.
func (h *Handle) Progress() Progress { return locked(h, func() Progress { return h.progress }) }

// Result is what the task returned, as JSON, or nil; see [Result] for the typed
// one. It is there once Done is closed, also after a stop or a failure if the
// task returned one. The caller must not change it.
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
func (h *Handle) Done() <-chan struct{} { return h.done }

// Stop stops this task alone, as [Runner.Stop] does all of them.
func (h *Handle) Stop(ctx context.Context) error {
	return h.runner.stop(ctx, []*Handle{h}, h.runner.caller(ctx, h.runner.Handles()))
}

func locked[T any](h *Handle, get func() T) T {
	h.runner.mu.Lock()
	defer h.runner.mu.Unlock()
	return get()
}

// Result waits until the task has ended and decodes its result. It fails with
// the task's own error, with task.ErrBadResult if the result does not decode into
// a T, and with ctx's cause. A task that returned nothing, or never started,
// gives the zero T.
func Result[T any](ctx context.Context, h *Handle) (T, error) {
	var v T
	select {
	case <-h.done:
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

// taskHost is the task.Host of one attempt.
type taskHost struct {
	*Handle
	attempt int
	restore json.RawMessage
}

var _ task.Host = taskHost{}

func (t taskHost) Attempt() int { return t.attempt }

func (t taskHost) Logger() *slog.Logger { return t.runner.taskLogger(t.job) }

// report changes what is known of the attempt, unless it has ended.
func (t taskHost) report(change func()) {
	t.runner.mu.Lock()
	defer t.runner.mu.Unlock()
	if !t.over && t.attempts == t.attempt {
		change()
	}
}

func (t taskHost) Ready() {
	t.report(func() {
		if !t.ready {
			t.ready = true
			t.emitLocked(Event{Type: EventReady})
		}
	})
}

func (t taskHost) Progress(done, total int64, message string) {
	t.report(func() {
		t.progress = Progress{Done: done, Total: total, Message: message}
		t.emitLocked(Event{Type: EventProgress, Progress: t.progress})
	})
}

func (t taskHost) Heartbeat() {}

func (t taskHost) Checkpoint(_ context.Context, data json.RawMessage) error {
	if !json.Valid(data) {
		return fmt.Errorf("%w: it is not JSON", task.ErrBadCheckpoint)
	}
	t.report(func() { t.checkpoint = data })
	return nil
}

func (t taskHost) Restore() json.RawMessage { return t.restore }
