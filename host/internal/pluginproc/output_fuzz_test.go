package pluginproc

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// FuzzOutput: whatever a plugin writes to stderr, in pieces of any size,
// nothing panics, every line that is not a log record of its own arrives whole, no
// record is longer than it may be, and what is kept stays small.
func FuzzOutput(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "plain\n", "no newline", "\r\n\r\r\n", "\x00\n\xff\xfe\n", `{"@level":1}` + "\n", `{"@level":"warn","@message":"m"}`,
		`{"@level":"info","@message":"` + strings.Repeat("\\u0000", 10) + `"}` + "\n", "panic: x\n\ngoroutine 1 [running]:\n",
		"x", "{", "é", "{\n", "\xc3",
	} {
		f.Add([]byte(seed), uint16(0))
		f.Add([]byte(seed), uint16(65_535))
	}
	f.Fuzz(func(t *testing.T, output []byte, repeat uint16) {
		if one := bytes.ReplaceAll(output, []byte("\n"), nil); repeat > 65_000 && len(one) > 0 { // a line beyond the bounds
			output = append(bytes.Repeat(one, maxLine*3/2/len(one)), output...)
		}
		for _, r := range []io.Reader{bytes.NewReader(output), iotest.HalfReader(bytes.NewReader(output))} {
			got, kept := &collector{t: t}, &tail{}
			copyLog(slog.New(got), kept, newLineReader(r, nil))
			if want := plainText(output); len(output) < maxLine && got.plain.String() != want {
				t.Errorf("%.200q arrived as %.200q, want %.200q", output, got.plain.String(), want)
			}
			if text := got.plain.String(); len(output) >= maxLine && isASCII(output) && unbroken(text) != unbroken(plainText(output)) {
				t.Errorf("%.200q of %d bytes arrived as %.200q of %d", output, len(output), text, len(text))
			}
			for i, line := range kept.lines() {
				if i >= maxTailLines || len(line) > maxTailText+len("...") {
					t.Errorf("kept line %d has %d bytes", i, len(line))
				}
			}
		}
	})
}

// isASCII reports whether a cut falls between two characters, wherever it falls.
func isASCII(output []byte) bool {
	return !bytes.ContainsFunc(output, func(r rune) bool { return r >= utf8.RuneSelf || r == '\r' })
}

// unbroken is text without the ends of its lines.
func unbroken(text string) string { return strings.ReplaceAll(text, "\n", "") }

// plainText is the lines that are no records, as the log must show them.
func plainText(output []byte) string {
	var text strings.Builder
	for l := range bytes.Lines(output) {
		trimmed := bytes.TrimSuffix(l, []byte("\n"))
		if len(trimmed) < len(l) {
			trimmed = bytes.TrimSuffix(trimmed, []byte("\r"))
		}
		if _, ok := wire.ParseLogLine(trimmed); !ok {
			text.WriteString(strings.ToValidUTF8(string(trimmed), "\uFFFD") + "\n")
		}
	}
	return text.String()
}

// collector is a log handler that keeps the lines that were plain.
type collector struct {
	t     *testing.T
	plain strings.Builder
}

func (c *collector) Enabled(context.Context, slog.Level) bool { return true }
func (c *collector) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *collector) WithGroup(string) slog.Handler            { return c }

func (c *collector) Handle(_ context.Context, r slog.Record) error {
	if len(r.Message) > maxRecord+3*maxLine || !utf8.ValidString(r.Message) {
		c.t.Errorf("a record of %d bytes: %.50q", len(r.Message), r.Message)
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stream" && a.Value.String() == "stderr" && r.Level == slog.LevelInfo {
			c.plain.WriteString(r.Message + "\n")
			return false
		}
		return true
	})
	return nil
}
