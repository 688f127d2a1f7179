package wire_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// attachTo serves a kind as a plugin does whose stderr its host does not read.
func attachTo(t *testing.T, k task.Kind) *wire.Client {
	t.Helper()
	server := wire.NewServer(wire.Description{Name: "test", Version: "1.2.3"}, []task.Kind{k}, nil)
	conn := dial(t, server)
	t.Cleanup(func() { server.Close(task.ErrStopped); <-server.Idle() })
	return wire.NewClient(conn)
}

// TestLogMessages: where the host does not read the plugin's stderr, a task's log
// reaches it by the stream: in order, with level, time and fields as they were.
func TestLogMessages(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	client := attachTo(t, kind(func(ctx context.Context) (any, error) {
		l := task.Logger(ctx)
		l.Debug("a debug line")
		l.With("colour", "red", "level", "mine").WithGroup("g").Warn("with fields", "n", uint64(1<<63), "msg", "his")
		r := slog.NewRecord(at, slog.LevelError, "of a time", 0)
		_ = l.Handler().Handle(ctx, r)
		l.Info("too much", "text", strings.Repeat("x", 1<<20), "n", 1)
		l.Info(strings.Repeat("y", 1<<20))
		l.Info("odd \xff text", "\xff", "\x00")
		return "done", nil
	}))
	var log bytes.Buffer
	h := &host{id: "task-1", attempt: 1, logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if end := run(t, client, h, "{}"); string(end.Result) != `"done"` || end.Err != nil {
		t.Errorf("the task ended with %s, %v", end.Result, end.Err)
	}
	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	for i, want := range []string{
		`"level":"DEBUG","msg":"a debug line"}`,
		`"level":"WARN","msg":"with fields","colour":"red","g":{"msg":"his","n":9223372036854775808},"level":"mine"}`,
		`{"time":"2026-01-02T03:04:05.000006Z","level":"ERROR","msg":"of a time"}`,
		`"level":"INFO","msg":"too much","dropped_fields":2}`,
		`yyy... (786468 bytes more)"}`,
		`"level":"INFO","msg":"odd � text","�":"\u0000"}`,
	} {
		if i >= len(lines) || !strings.HasSuffix(lines[i], want) {
			t.Errorf("line %d does not end with %s in\n%.500s", i, want, &log)
		}
	}
	if len(lines) != 6 {
		t.Errorf("there are %d lines", len(lines))
	}
}
