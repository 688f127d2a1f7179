package wire

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// sessionLog sends the lines of NewLogHandler as Log messages.
type sessionLog struct{ session *session }

// Write sends one line. What cannot be sent is lost with the host.
func (l sessionLog) Write(line []byte) (int, error) {
	if r, ok := ParseLogLine(line); ok {
		l.session.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Log{Log: encodeLog(r)}})
	}
	return len(line), nil
}

// encodeLog bounds a record as a host bounds a line: fields beyond it are dropped,
// and that is said.
func encodeLog(r slog.Record) *taskpb.Log {
	fields := make(map[string]any, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Any()
		return true
	})
	l := &taskpb.Log{Level: logLevelOf(r.Level), Message: text(r.Message), Time: timestamppb.New(r.Time)}
	if len(fields) == 0 {
		return l
	}
	raw, err := json.Marshal(fields)
	if err != nil || len(raw) > maxText {
		raw = fmt.Appendf(nil, `{"dropped_fields":%d}`, len(fields))
	}
	l.Fields = raw
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
