package pluginproc_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// logbook is a slog.Handler that keeps what it is given.
type logbook struct {
	mu      sync.Mutex
	records []slog.Record
	watched map[string]chan struct{} // closed when a message was logged
}

func (b *logbook) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (b *logbook) WithAttrs([]slog.Attr) slog.Handler           { return b }
func (b *logbook) WithGroup(string) slog.Handler                { return b }

func (b *logbook) Handle(_ context.Context, r slog.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, r)
	if c, ok := b.watched[r.Message]; ok {
		delete(b.watched, r.Message)
		close(c)
	}
	return fmt.Errorf("the log is full") // of no consequence
}

// watch returns what is closed when the message is logged.
func (b *logbook) watch(message string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan struct{})
	if b.watched == nil {
		b.watched = make(map[string]chan struct{})
	}
	b.watched[message] = c
	return c
}

// lines shows the records of a stream, or those with level and fields of their
// own, one a line.
func (b *logbook) lines(stream string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var shown []string
	for _, r := range b.records {
		text, of := fmt.Sprintf("%v %s", r.Level, r.Message), ""
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "stream" {
				of = a.Value.String()
				return true
			}
			text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
			return true
		})
		if of == stream {
			shown = append(shown, text)
		}
	}
	return shown
}
