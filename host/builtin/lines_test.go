package builtin

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Whatever the stream and the writes that it comes in: the pieces are valid
// UTF-8 of bounded length, and put together they are the stream.
func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(
			rapid.StringMatching(`[a-zü€\r\n]{0,20}`),
			rapid.Just(strings.Repeat("€", 25_000)), // 75,000 bytes
			rapid.Just("\n"),
			rapid.Just("\r\n"),
		)).Draw(t, "parts")
		stream := strings.Join(parts, "")

		var got strings.Builder
		open := false // the last piece may go on
		l := lines{emit: func(text string, continued bool) {
			if open && !continued {
				got.WriteString("\n")
			}
			if !utf8.ValidString(text) || len(text) > maxLine {
				t.Fatalf("a piece has %d bytes, valid: %v", len(text), utf8.ValidString(text))
			}
			got.WriteString(text)
			open = true
		}}
		for rest := []byte(stream); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "write")
			l.write(rest[:n])
			rest = rest[n:]
		}
		l.close()

		want := strings.ReplaceAll(stream, "\r\n", "\n")
		if got := got.String(); got != strings.TrimSuffix(want, "\n") && got+"\r" != want {
			t.Fatalf("the pieces make %.200q of %.200q", got, want)
		}
	})
}

func TestLinesMakesTextValid(t *testing.T) {
	var got []string
	l := lines{emit: func(text string, _ bool) { got = append(got, text) }}
	l.write([]byte("a\xff\xfeb\nc\xe2\x82"))
	l.close()
	if len(got) != 2 || got[0] != "a\uFFFDb" || got[1] != "c\uFFFD" {
		t.Errorf("lines are %q", got)
	}
}
