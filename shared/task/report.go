package task

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"unicode/utf8"
)

// ID is the task's id in its run. Outside a host it is "local".
func ID(ctx context.Context) string { return hostOf(ctx).ID() }

// Attempt counts the attempts of this task, this one included, from 1. Outside a
// host it is 1.
func Attempt(ctx context.Context) int { return hostOf(ctx).Attempt() }

// Logger is where the task logs to. What it writes reaches the host's log with
// level and fields intact, and the run, the task and the plugin added. It is
// never nil, and safe from any goroutine. Outside a host it is slog.Default().
func Logger(ctx context.Context) *slog.Logger { return hostOf(ctx).Logger() }

// Ready tells the host that the task is up: what needs it may start. The first
// call of an attempt counts. Outside a host it does nothing.
func Ready(ctx context.Context) { hostOf(ctx).Ready() }

// Progress reports that done of total is done, in the task's own unit (bytes,
// rows, requests), with a short message or "". A total of 0 means that it is not
// known. Call it as often as you like, from any goroutine: a host shows the
// newest and may skip others. Outside a host it is a debug line of slog.Default().
func Progress(ctx context.Context, done, total int64, message string) {
	hostOf(ctx).Progress(done, total, message)
}

// Heartbeat tells a host that watches the task that it is alive. Progress, logs
// and checkpoints count as heartbeats too. Outside a host it does nothing.
func Heartbeat(ctx context.Context) { hostOf(ctx).Heartbeat() }

// Checkpoint hands v, as JSON, to the host, to be given to the next attempt by
// [Restore], and returns once the host has it. It fails with [ErrBadCheckpoint]
// if v does not encode, as UTF-8, and with ctx's cause if ctx ends first. Outside a host
// it only checks that v encodes.
func Checkpoint(ctx context.Context, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadCheckpoint, err)
	}
	if !utf8.Valid(data) { // a json.RawMessage, or of a MarshalJSON
		return fmt.Errorf("%w: its JSON is not UTF-8", ErrBadCheckpoint)
	}
	return hostOf(ctx).Checkpoint(ctx, data)
}

// Restore decodes the newest checkpoint of this task's earlier attempts into v
// and reports whether there was one. It fails with [ErrBadCheckpoint] if the
// checkpoint does not decode into v. Outside a host there is none.
func Restore(ctx context.Context, v any) (bool, error) {
	data := hostOf(ctx).Restore()
	if data == nil {
		return false, nil
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("%w: %w", ErrBadCheckpoint, err)
	}
	return true, nil
}
