package wire

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// sessionLog is the handler of a task whose log goes to its host as Log messages. None
// is held back for others to go with it: a process's last words are those that matter
// most, and what waits for the stream leaves in one write anyway.
type sessionLog struct {
	session *session
	with    []func(slog.Handler) slog.Handler // WithAttrs and WithGroup, in order
}

// Enabled implements slog.Handler: the host filters.
func (l sessionLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle sends a record. What cannot be sent is lost with the host.
func (l sessionLog) Handle(ctx context.Context, r slog.Record) error {
	var fields bytes.Buffer
	h := slog.Handler(logHandler{Handler: slog.NewJSONHandler(&fields, &slog.HandlerOptions{
		Level: slog.LevelDebug, ReplaceAttr: fieldAttr,
	})})
	for _, with := range l.with {
		h = with(h)
	}
	if err := h.Handle(ctx, r); err != nil {
		return err
	}
	l.session.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Log{Log: encodeLog(r, fields.Bytes())}})
	return nil
}

// WithAttrs implements slog.Handler.
func (l sessionLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return l.and(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (l sessionLog) WithGroup(name string) slog.Handler {
	return l.and(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (l sessionLog) and(with func(slog.Handler) slog.Handler) slog.Handler {
	return sessionLog{l.session, append(slices.Clip(l.with), with)}
}

// fieldAttr leaves of a record its fields.
func fieldAttr(groups []string, a slog.Attr) slog.Attr {
	if a = hclogAttr(groups, a); len(groups) == 0 && (a.Key == levelKey || a.Key == messageKey || a.Key == timeKey) {
		return slog.Attr{}
	}
	return a
}

// droppedKey says of a record how many fields it had, which were too long.
const droppedKey = "dropped_fields"

// droppedBytesKey says likewise how long the fields were that a foreign plugin sent.
const droppedBytesKey = "dropped_bytes"

// encodeLog bounds a record as a host bounds a line: fields beyond it are dropped,
// and that is said.
func encodeLog(r slog.Record, fields []byte) *taskpb.Log {
	l := &taskpb.Log{Level: logLevelOf(r.Level), Message: text(r.Message)}
	if !r.Time.IsZero() {
		l.Time = timestamppb.New(r.Time)
	}
	fields = bytes.TrimSpace(fields)
	if len(fields) > maxText {
		dropped, _ := decodeFields(fields)
		fields = fmt.Appendf(nil, `{%q:%d}`, droppedKey, len(dropped))
	}
	if len(fields) > len("{}") {
		l.Fields = fields
	}
	return l
}

func logLevelOf(l slog.Level) taskpb.Log_Level {
	switch {
	case l < slog.LevelInfo:
		return taskpb.Log_LEVEL_DEBUG
	case l < slog.LevelWarn:
		return taskpb.Log_LEVEL_INFO
	case l < slog.LevelError:
		return taskpb.Log_LEVEL_WARN
	default:
		return taskpb.Log_LEVEL_ERROR
	}
}
