package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestReportsReachTheHost(t *testing.T) {
	h := &fakeHost{logger: slog.New(slog.DiscardHandler)}
	ctx := task.WithHost(t.Context(), h)
	if id := task.ID(ctx); id != "fake-7" {
		t.Errorf("ID = %q", id)
	}
	if n := task.Attempt(ctx); n != 3 {
		t.Errorf("Attempt = %d", n)
	}
	if task.Logger(ctx) != h.logger {
		t.Error("Logger is not the host's")
	}
	if task.HostOf(ctx) != task.Host(h) {
		t.Error("HostOf is not the host")
	}
	task.Ready(ctx)
	task.Progress(ctx, 1, 2, "half")
	task.Heartbeat(ctx)
	if err := task.Checkpoint(ctx, map[string]int{"line": 7}); err != nil {
		t.Error(err)
	}
	want := []string{"ready", `progress 1/2 "half"`, "heartbeat", `checkpoint {"line":7}`}
	if !slices.Equal(h.calls, want) {
		t.Errorf("the host was told %q, want %q", h.calls, want)
	}
}

// TestPlainContext: outside a host everything does the obvious local thing.
func TestPlainContext(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))

	ctx := t.Context()
	if id := task.ID(ctx); id != "local" {
		t.Errorf("ID = %q", id)
	}
	if n := task.Attempt(ctx); n != 1 {
		t.Errorf("Attempt = %d", n)
	}
	if task.Logger(ctx) != slog.Default() {
		t.Error("Logger is not slog's default")
	}
	if h := task.HostOf(ctx); h != nil {
		t.Errorf("HostOf = %v", h)
	}
	task.Ready(ctx)
	task.Heartbeat(ctx)
	task.Progress(ctx, 5, 9, "halfway")
	for _, want := range []string{"level=DEBUG", "done=5", "total=9", "message=halfway"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %q lacks %q", log.String(), want)
		}
	}
	if err := task.Checkpoint(ctx, 7); err != nil {
		t.Error(err)
	}
	if err := task.Checkpoint(ctx, func() {}); !errors.Is(err, task.ErrBadCheckpoint) {
		t.Errorf("a checkpoint that does not encode: %v", err)
	}
	var v int
	if found, err := task.Restore(ctx, &v); found || err != nil {
		t.Errorf("Restore = %v, %v", found, err)
	}
}

func TestCheckpoint(t *testing.T) {
	full := errors.New("disk full")
	h := &fakeHost{refuse: full}
	ctx := task.WithHost(t.Context(), h)
	if err := task.Checkpoint(ctx, 1); !errors.Is(err, full) {
		t.Errorf("the host's error is lost: %v", err)
	}
	h.calls = nil
	if err := task.Checkpoint(ctx, json.RawMessage("\"\xff\"")); !errors.Is(err, task.ErrBadCheckpoint) || len(h.calls) > 0 {
		t.Errorf("a checkpoint that is not UTF-8: %v, %q", err, h.calls)
	}
	if err := task.Checkpoint(ctx, make(chan int)); !errors.Is(err, task.ErrBadCheckpoint) || len(h.calls) > 0 {
		t.Errorf("a channel as checkpoint: %v; the host was told %q", err, h.calls)
	}
	ended, cancel := context.WithCancelCause(ctx)
	cancel(task.ErrStopped)
	if err := task.Checkpoint(ended, 1); !errors.Is(err, task.ErrStopped) {
		t.Errorf("after a stop: %v", err)
	}
}

func TestRestore(t *testing.T) {
	for _, c := range []struct {
		name, data string
		found      bool
		want       int
		err        error
	}{
		{"none", "", false, 0, nil},
		{"a number", "7", true, 7, nil},
		{"null", "null", true, 0, nil},
		{"another type", `"seven"`, false, 0, task.ErrBadCheckpoint},
		{"not JSON", `{`, false, 0, task.ErrBadCheckpoint},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &fakeHost{}
			if c.data != "" {
				h.restore = []byte(c.data)
			}
			var v int
			found, err := task.Restore(task.WithHost(t.Context(), h), &v)
			if found != c.found || v != c.want || !errors.Is(err, c.err) {
				t.Errorf("Restore = %v, %v and %d, want %v, %v and %d", found, err, v, c.found, c.err, c.want)
			}
		})
	}
}
