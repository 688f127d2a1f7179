package wire

import (
	"bytes"
	"encoding/json"
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
	return slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: slog.LevelDebug, // the host filters
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) > 0 {
				return a
			}
			switch a.Key {
			case slog.TimeKey:
				return slog.String(timeKey, a.Value.Time().Format(hclogTime))
			case slog.LevelKey:
				level, _ := a.Value.Any().(slog.Level)
				return slog.String(levelKey, levelName(level))
			case slog.MessageKey:
				a.Key = messageKey
			}
			return a
		},
	})
}

// ParseLogLine reads one line of a plugin's stderr. ok is false if the line is
// not hclog's JSON, which is nobody's fault: it is then plain text. Hosts call it
// for each line.
func ParseLogLine(line []byte) (r slog.Record, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' {
		return r, false
	}
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if d.Decode(&fields) != nil || d.InputOffset() != int64(len(line)) {
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
	r = slog.NewRecord(at, level, message, 0)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if key != levelKey && key != messageKey && key != timeKey {
			r.AddAttrs(slog.Any(key, fields[key]))
		}
	}
	return r, true
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
