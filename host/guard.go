package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
)

// guarded is the handler of the embedder's log. Its panic costs the record, not the
// program: what plugins print is logged on goroutines of the host's own, which nobody
// but the host could recover. The first panic of a runner's log is told on stderr.
type guarded struct {
	slog.Handler
	told *sync.Once
}

func guard(l *slog.Logger) *slog.Logger { return slog.New(guarded{l.Handler(), new(sync.Once)}) }

// Enabled implements slog.Handler.
func (g guarded) Enabled(ctx context.Context, l slog.Level) (enabled bool) {
	defer func() {
		if p := recover(); p != nil {
			_ = g.tell(p)
		}
	}()
	return g.Handler.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (g guarded) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = g.tell(p)
		}
	}()
	return g.Handler.Handle(ctx, r)
}

func (g guarded) tell(p any) error {
	err := fmt.Errorf("the log's handler panicked: %v", p)
	g.told.Do(func() { fmt.Fprintf(os.Stderr, "hostelry: %v; such records are lost\n%s", err, debug.Stack()) })
	return err
}

// WithAttrs implements slog.Handler.
func (g guarded) WithAttrs(attrs []slog.Attr) slog.Handler {
	return guarded{g.Handler.WithAttrs(attrs), g.told}
}

// WithGroup implements slog.Handler.
func (g guarded) WithGroup(name string) slog.Handler {
	return guarded{g.Handler.WithGroup(name), g.told}
}
