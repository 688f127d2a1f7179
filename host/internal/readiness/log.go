package readiness

import (
	"context"
	"log/slog"
	"regexp"
	"sync/atomic"
)

// WatchLog makes a handler that passes records on to next, those of the levels
// for which next is enabled, and calls seen the first time that the message of a
// record of any level matches pattern. Attributes are not looked at.
//
// seen is called once at most, whatever handlers WithAttrs and WithGroup make of
// this one, after the record was passed on, by the goroutine that logs. It must
// not block; it may log. From then on the handler costs what next costs.
func WatchLog(next slog.Handler, pattern *regexp.Regexp, seen func()) slog.Handler {
	return &watcher{next, &watch{pattern: pattern, seen: seen}}
}

// watcher is one of the handlers that look for the same line.
type watcher struct {
	next slog.Handler
	*watch
}

// watch is what they share.
type watch struct {
	pattern *regexp.Regexp
	seen    func()
	over    atomic.Bool // seen was called
}

func (w *watcher) Enabled(ctx context.Context, level slog.Level) bool {
	return !w.over.Load() || w.next.Enabled(ctx, level)
}

func (w *watcher) Handle(ctx context.Context, record slog.Record) error {
	var err error
	if w.next.Enabled(ctx, record.Level) {
		err = w.next.Handle(ctx, record)
	}
	if !w.over.Load() && w.pattern.MatchString(record.Message) && w.over.CompareAndSwap(false, true) {
		w.seen()
	}
	return err
}

func (w *watcher) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &watcher{w.next.WithAttrs(attrs), w.watch}
}

func (w *watcher) WithGroup(name string) slog.Handler {
	return &watcher{w.next.WithGroup(name), w.watch}
}
