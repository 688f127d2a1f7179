package host

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/shared/task"
)

// What a task reports to its host, and asks of it: a try is the task.Host of its
// attempt.

var _ task.Host = (*try)(nil)

// report changes what is known of the attempt, unless it is over.
func (t *try) report(change func()) {
	t.runner.lock()
	defer t.runner.unlock()
	if t.over {
		return
	}
	if t.job.watchdog > 0 {
		t.watch.sign = time.Now()
	}
	change()
}

// Attempt implements task.Host.
func (t *try) Attempt() int { return t.number }

// Logger implements task.Host.
func (t *try) Logger() *slog.Logger {
	if t.watch != nil && t.watch.logger != nil {
		return t.watch.logger()
	}
	return t.log()
}

// log is the attempt's log, past what watches it.
func (t *try) log() *slog.Logger {
	l := t.runner.config.logger.With("task", t.job.id, "attempt", t.number)
	if !t.job.kind.IsBuiltIn() {
		l = l.With("plugin", t.job.kind.Plugin)
	}
	return t.job.mask.Logger(l)
}

// Ready implements task.Host. Where the host checks itself, the task's word counts for nothing.
func (t *try) Ready() {
	t.report(func() {
		if !t.job.ready.checks() {
			t.upLocked()
		}
	})
}

// Progress implements task.Host.
func (t *try) Progress(done, total int64, message string) {
	message = t.job.mask.Text(message)
	t.report(func() {
		past := t.pastLocked()
		past.progress = Progress{Done: done, Total: total, Message: message}
		t.emitLocked(Event{Type: EventProgress, Progress: past.progress})
	})
}

// Heartbeat implements task.Host.
func (t *try) Heartbeat() {
	if t.job.watchdog > 0 {
		t.report(func() {})
	}
}

// Checkpoint implements task.Host.
func (t *try) Checkpoint(_ context.Context, data json.RawMessage) error {
	if !json.Valid(data) || !utf8.Valid(data) { // which package json takes
		return fmt.Errorf("%w: it is not JSON in UTF-8", task.ErrBadCheckpoint)
	}
	err := task.ErrStopped // nobody waits for what an abandoned attempt still does
	t.report(func() { t.pastLocked().checkpoint, err = &checkpoint{data}, nil })
	return err
}

// Restore implements task.Host.
func (t *try) Restore() json.RawMessage {
	if t.restore == nil {
		return nil
	}
	return t.restore.data
}

var _ keeper.Employer = (*try)(nil)

// Keeper implements keeper.Employer.
func (t *try) Keeper() *keeper.Keeper {
	t.runner.lock()
	defer t.runner.unlock()
	return t.runner.keeperLocked()
}
