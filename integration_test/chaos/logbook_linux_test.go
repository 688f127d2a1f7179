package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
)

// logbook is a host's log: it counts everything, and keeps the first of it.
type logbook struct {
	records, bytes atomic.Int64

	mu   sync.Mutex
	text strings.Builder
}

// keep is how much of a log is kept, and of one record.
const (
	keep       = 64 << 10
	keepRecord = 1 << 10
)

func (l *logbook) logger() *slog.Logger { return slog.New(logHandler{l, ""}) }

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) has(text string) bool { return strings.Contains(l.String(), text) }

// logHandler writes into a logbook.
type logHandler struct {
	*logbook
	task string
}

func (h logHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h logHandler) WithGroup(string) slog.Handler            { return h }

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == "task" {
			h.task = a.Value.String()
		}
	}
	return h
}

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	h.records.Add(1)
	h.bytes.Add(int64(len(r.Message)))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.text.Len() < keep {
		fmt.Fprintf(&h.text, "%s %v %.*s\n", h.task, r.Level, keepRecord, r.Message)
	}
	return nil
}
