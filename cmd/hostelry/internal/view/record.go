package view

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// Record is a log record with its run, task and attempt, which the host adds to each.
type Record struct {
	Time      time.Time
	Level     slog.Level
	Message   string
	Run, Task string      // or "": of the command's own
	Attempt   int         // of the task, from 1, or 0
	Fields    []slog.Attr // groups are nested
}

// tellsFailure reports whether the record is the host's own word of a failure,
// which an event tells people too: nobody else logs a host.Outcome.
func (r Record) tellsFailure() bool {
	return slices.ContainsFunc(r.Fields, func(a slog.Attr) bool {
		_, isOutcome := a.Value.Any().(host.Outcome)
		return isOutcome
	})
}

// LogHandler hands the log records from a level on to a view.
func LogHandler(v View, level slog.Level) slog.Handler {
	return &logHandler{view: v, level: level, scopes: []scope{{}}}
}

type logHandler struct {
	view      View
	level     slog.Level
	run, task string
	attempt   int
	scopes    []scope // the first is outside every group
}

// scope is a group and what was added in it.
type scope struct {
	group string
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	fields := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		fields = append(fields, a)
		return true
	})
	for _, s := range slices.Backward(h.scopes) {
		fields = slices.Concat(s.attrs, fields)
		if s.group != "" && len(fields) > 0 {
			fields = []slog.Attr{{Key: s.group, Value: slog.GroupValue(fields...)}}
		}
	}
	h.view.Log(Record{Time: r.Time, Level: r.Level, Message: r.Message, Run: h.run, Task: h.task, Attempt: h.attempt, Fields: fields})
	return nil
}

// WithAttrs implements slog.Handler. The first "run", "task" and, of
// a task, "attempt" are the host's.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.scopes = slices.Clone(h.scopes)
	last := &c.scopes[len(c.scopes)-1]
	last.attrs = slices.Clone(last.attrs)
	for _, a := range attrs {
		switch {
		case a.Key == "run" && c.run == "" && len(c.scopes) == 1:
			c.run = a.Value.String()
		case a.Key == "task" && c.task == "" && len(c.scopes) == 1:
			c.task = a.Value.String()
		case a.Key == "attempt" && c.attempt == 0 && c.task != "" && len(c.scopes) == 1 && a.Value.Kind() == slog.KindInt64:
			c.attempt = int(a.Value.Int64())
		default:
			last.attrs = append(last.attrs, a)
		}
	}
	return &c
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.scopes = append(slices.Clone(h.scopes), scope{group: name})
	return &c
}

// object is fields as a JSON object. Of two with the same name the first, which is the
// host's if it has one, keeps the name; that of the other begins with an underscore.
func object(fields []slog.Attr) map[string]any {
	m := make(map[string]any, len(fields))
	set := func(key string, value any) {
		if _, taken := m[key]; taken {
			key = "_" + key
		}
		m[key] = value
	}
	for _, f := range fields {
		v := f.Value.Resolve()
		switch {
		case v.Kind() == slog.KindGroup && f.Key == "":
			for key, value := range object(v.Group()) {
				set(key, value)
			}
		case v.Kind() == slog.KindGroup:
			set(f.Key, object(v.Group()))
		case !f.Equal(slog.Attr{}):
			set(f.Key, jsonValue(v))
		}
	}
	return m
}

// jsonValue is a value that encoding/json can encode.
func jsonValue(v slog.Value) any {
	switch v.Kind() {
	case slog.KindString, slog.KindInt64, slog.KindUint64, slog.KindBool, slog.KindTime:
		return v.Any()
	case slog.KindAny:
		if _, isError := v.Any().(error); isError {
			break
		}
		if raw, err := json.Marshal(v.Any()); err == nil {
			return json.RawMessage(raw)
		}
	case slog.KindFloat64:
		if raw, err := json.Marshal(v.Float64()); err == nil { // not NaN, not infinite
			return json.RawMessage(raw)
		}
	}
	return fmt.Sprint(v.Any())
}

// words is fields as key=value words, groups joined by dots.
func words(prefix string, fields []slog.Attr) []string {
	var all []string
	for _, f := range fields {
		v, key := f.Value.Resolve(), prefix+f.Key
		switch {
		case v.Kind() == slog.KindGroup && f.Key == "":
			all = append(all, words(prefix, v.Group())...)
		case v.Kind() == slog.KindGroup:
			all = append(all, words(key+".", v.Group())...)
		case !f.Equal(slog.Attr{}):
			all = append(all, quoteWord(key)+"="+word(v))
		}
	}
	return all
}

// word is a value as one word. What came as JSON is shown so.
func word(v slog.Value) string {
	switch v.Any().(type) {
	case map[string]any, []any:
		if raw, err := json.Marshal(v.Any()); err == nil {
			return string(raw)
		}
	}
	return quoteWord(v.String())
}

// quoteWord quotes what is not one word.
func quoteWord(s string) string {
	if s == "" || strings.ContainsAny(s, " =\"\t\r\n") {
		return strconv.Quote(s)
	}
	return s
}
