package host

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/hostelry-run/hostelry/host/internal/redact"
)

// output is where that goes what a plugin process prints: to the log of the task whose
// process it is, or of the plugin if it is nobody's yet, or that of many. A process gets
// it before that is known: it is a slog.Handler that can change.
type output struct {
	mask *redact.Mask // of every task that the process ever had
	to   atomic.Pointer[slog.Logger]
}

func newOutput() *output { return &output{mask: redact.Learning()} }

// belongToTask gives a task what is printed from now on.
func (o *output) belongToTask(l *slog.Logger) { o.to.Store(l) }

// belongToPlugin gives its plugin what is printed, unless and until it is a task's. number
// has the log tell the plugin's processes apart.
func (o *output) belongToPlugin(l *slog.Logger) (number func(pid int)) {
	l = o.mask.Logger(l)
	o.to.CompareAndSwap(nil, l)
	return func(pid int) { o.to.CompareAndSwap(l, l.With("pid", pid)) }
}

func (o *output) logger() *slog.Logger  { return slog.New(o) }
func (o *output) handler() slog.Handler { return o.to.Load().Handler() }

// Enabled implements slog.Handler.
func (o *output) Enabled(ctx context.Context, l slog.Level) bool { return o.handler().Enabled(ctx, l) }

// Handle implements slog.Handler.
func (o *output) Handle(ctx context.Context, r slog.Record) error { return o.handler().Handle(ctx, r) }

// WithAttrs implements slog.Handler.
func (o *output) WithAttrs(attrs []slog.Attr) slog.Handler { return o.handler().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (o *output) WithGroup(name string) slog.Handler { return o.handler().WithGroup(name) }
