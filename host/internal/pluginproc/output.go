package pluginproc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/hostelry-run/hostelry/host/internal/outpipe"
	"github.com/hostelry-run/hostelry/host/internal/redact"
	"github.com/hostelry-run/hostelry/shared/wire"
)

const (
	maxLine   = 64 << 10 // bytes of one log record; a longer line becomes several
	maxRecord = 1 << 20  // the same of a line that may be hclog's JSON, which escapes
)

// lineReader cuts a stream into lines of bounded length.
type lineReader struct {
	r      *bufio.Reader
	mask   *redact.Mask
	inLine bool   // the last piece did not end its line
	kept   []byte // of it, for the next: a secret may begin there
}

// line is one line of a stream, or a piece of one that is too long.
type line struct {
	text      []byte // without its newline; valid until the next call
	continued bool   // it continues the piece before it
}

func newLineReader(r io.Reader, m *redact.Mask) *lineReader {
	return &lineReader{r: bufio.NewReader(r), mask: m}
}

// next returns the next line. With an error, which is the stream's end, the text
// is what stood there without a newline.
func (l *lineReader) next() (line, error) {
	out := line{continued: l.inLine, text: l.kept}
	l.kept = nil
	for {
		piece, err := l.r.ReadSlice('\n')
		out.text = append(out.text, piece...)
		switch {
		case err == nil:
			l.inLine = false
			out.text = bytes.TrimSuffix(bytes.TrimSuffix(out.text, []byte("\n")), []byte("\r"))
			return out, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return out, err
		case len(out.text) >= maxRecord, len(out.text) >= maxLine && out.text[0] != '{':
			l.inLine = true
			out.text, l.kept = l.mask.Cut(out.text)
			return out, nil
		}
	}
}

// copyPlain logs each line of a stream, until it ends.
func copyPlain(logger *slog.Logger, stream string, lines *lineReader) {
	for {
		l, err := lines.next()
		if err == nil || len(l.text) > 0 {
			logPlain(logger, stream, l)
		}
		if err != nil {
			noteCut(logger, stream, err)
			return
		}
	}
}

func logPlain(logger *slog.Logger, stream string, l line) {
	attrs := []slog.Attr{slog.String("stream", stream)}
	if l.continued {
		attrs = append(attrs, slog.Bool("continued", true))
	}
	logger.LogAttrs(context.Background(), slog.LevelInfo, strings.ToValidUTF8(string(l.text), "\uFFFD"), attrs...)
}

// copyLog logs a plugin's stderr, level and fields of hclog's JSON lines intact,
// and keeps its last lines, until it ends.
func copyLog(logger *slog.Logger, tail *tail, lines *lineReader) {
	ctx := context.Background()
	for {
		l, err := lines.next()
		if err == nil || len(l.text) > 0 {
			record, ok := slog.Record{}, false
			if !l.continued { // what is in the middle of a line is no record
				record, ok = wire.ParseLogLine(l.text)
			}
			switch {
			case !ok:
				tail.add(string(l.text))
				logPlain(logger, "stderr", l)
			case logger.Enabled(ctx, record.Level):
				_ = logger.Handler().Handle(ctx, record) // the log's failure is not the plugin's
			}
			if ok && record.Level >= slog.LevelWarn {
				tail.add(complaint(record))
			}
		}
		if err != nil {
			noteCut(logger, "stderr", err)
			return
		}
	}
}

// complaint is what a record says went wrong: its message, and the error that came with it.
func complaint(r slog.Record) string {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" || a.Key == "error" {
			text += ": " + a.Value.String()
			return false
		}
		return true
	})
	return text
}

// noteCut logs that a stream was cut, if that is how it ended.
func noteCut(logger *slog.Logger, stream string, end error) {
	if cut, ok := errors.AsType[*outpipe.CutError](end); ok {
		logger.Warn("the end of a dead plugin's output is missing: the log took it too slowly", "stream", stream, "bytes", cut.Bytes)
	}
}
