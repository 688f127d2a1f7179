package redact

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Logger masks the secrets in what is logged: messages, and the names and values of
// attributes.
func (m *Mask) Logger(l *slog.Logger) *slog.Logger {
	if m == nil {
		return l
	}
	return slog.New(handler{l.Handler(), m})
}

type handler struct {
	next slog.Handler
	mask *Mask
}

// Enabled implements slog.Handler.
func (h handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, h.mask.Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(h.mask.attr(a))
		return true
	})
	return h.next.Handle(ctx, masked)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.next.WithAttrs(h.mask.attrs(attrs)), h.mask}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.next.WithGroup(h.mask.Text(name)), h.mask}
}

func (m *Mask) attrs(all []slog.Attr) []slog.Attr {
	masked := make([]slog.Attr, len(all))
	for i, a := range all {
		masked[i] = m.attr(a)
	}
	return masked
}

func (m *Mask) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(m.Text(v.String()))
	case slog.KindGroup:
		v = slog.GroupValue(m.attrs(v.Group())...)
	case slog.KindAny:
		v = m.any(v)
	default: // a number, a bool, a time
	}
	return slog.Attr{Key: m.Text(a.Key), Value: v}
}

// any masks a value of any type. An error stays one; what else shows a secret, in
// some form in which a handler may write it, becomes what its JSON says, or text.
func (m *Mask) any(v slog.Value) slog.Value {
	x := v.Any()
	if err, isError := x.(error); isError {
		return slog.AnyValue(m.Error(err, fmt.Sprint(err))) // survives an Error method that panics
	}
	if raw, ok := encode(x); ok {
		var masked any
		if hidden := m.JSON(raw); string(hidden) != string(raw) && json.Unmarshal(hidden, &masked) == nil {
			return slog.AnyValue(masked)
		}
	}
	for _, format := range []string{"%+v", "%+s"} { // the second shows bytes as text
		if text := fmt.Sprintf(format, x); len(m.spans(text)) > 0 {
			return slog.StringValue(m.Text(text))
		}
	}
	return v
}

// encode is a value's JSON. A method of the value may panic.
func encode(x any) (raw []byte, ok bool) {
	task.Guard(func() {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		ok = e.Encode(x) == nil
		raw = []byte(b.String())
	}, func(*task.PanicError) {})
	return raw, ok
}
