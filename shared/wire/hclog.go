package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// The bridge between slog and hclog's JSON lines, which plugins in Go and other
// languages write to stderr: {"@level":"info","@message":"...",
// "@timestamp":"...", and one member for each field}.
const (
	levelKey   = "@level"
	messageKey = "@message"
	timeKey    = "@timestamp"
	hclogTime  = "2006-01-02T15:04:05.000000Z07:00"
)

// NewLogHandler returns the handler of a plugin's log: hclog's JSON, one object a
// line, each written to w by one Write. The plugin SDK makes one for each process.
func NewLogHandler(w io.Writer) slog.Handler {
	return logHandler{Handler: slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level:       slog.LevelDebug, // the host filters
		ReplaceAttr: hclogAttr,
	})}
}

// logHandler keeps a record's own level, time and message apart from a task's
// fields of the same names.
type logHandler struct {
	slog.Handler      // writes the lines
	inGroup      bool // where no name means anything
}

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.inGroup {
		return h.Handler.Handle(ctx, r)
	}
	own := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		own.AddAttrs(markField(a))
		return true
	})
	return h.Handler.Handle(ctx, own)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if !h.inGroup {
		attrs = markFields(attrs)
	}
	return logHandler{h.Handler.WithAttrs(attrs), h.inGroup}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.inGroup || name != ""}
}

// fieldMark begins the key of a field while slog's handler has it, which could
// not tell otherwise which "level" is the record's own.
const fieldMark = "\x00"

func markField(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch {
	case a.Key == levelKey, a.Key == messageKey, a.Key == timeKey:
		a.Key = "_" + a.Key // the line has one of each
	case a.Value.Kind() != slog.KindGroup:
		a.Key = fieldMark + a.Key
	case a.Key == "": // what is in a group without a name stands outside
		a.Value = slog.GroupValue(markFields(a.Value.Group())...)
	}
	return a
}

func markFields(attrs []slog.Attr) []slog.Attr {
	marked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		marked[i] = markField(a)
	}
	return marked
}

// hclogAttr gives the record's own attributes hclog's names.
func hclogAttr(groups []string, a slog.Attr) slog.Attr {
	switch {
	case len(groups) > 0:
	case a.Key == slog.TimeKey:
		return slog.String(timeKey, a.Value.Time().Format(hclogTime))
	case a.Key == slog.LevelKey:
		level, _ := a.Value.Any().(slog.Level)
		return slog.String(levelKey, levelName(level))
	case a.Key == slog.MessageKey:
		a.Key = messageKey
	default:
		a.Key = strings.TrimPrefix(a.Key, fieldMark)
	}
	return a
}

// ParseLogLine reads one line of a plugin's stderr. ok is false if the line is
// not hclog's JSON, which is nobody's fault: it is then plain text. Hosts call it
// for each line.
func ParseLogLine(line []byte) (r slog.Record, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' {
		return r, false
	}
	fields, err := decodeFields(line)
	if err != nil {
		return r, false
	}
	name, hasLevel := fields[levelKey].(string)
	message, hasMessage := fields[messageKey].(string)
	level, known := levelOf(name)
	if !hasLevel || !hasMessage || !known {
		return r, false
	}
	stamp, _ := fields[timeKey].(string)
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		at = time.Now()
	}
	for _, key := range []string{levelKey, messageKey, timeKey} {
		delete(fields, key)
	}
	r = slog.NewRecord(at, level, message, 0)
	addFields(&r, fields)
	return r, true
}

// decodeFields reads a JSON object, with its numbers as they are written.
func decodeFields(object []byte) (fields map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text after the JSON object")
	}
	return fields, nil
}

// addFields adds the fields in the order of their names.
func addFields(r *slog.Record, fields map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		r.AddAttrs(slog.Any(key, fields[key]))
	}
}

func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "trace"
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warn"
	default:
		return "error"
	}
}

func levelOf(name string) (slog.Level, bool) {
	switch strings.ToLower(name) {
	case "trace", "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	default:
		return 0, false
	}
}
