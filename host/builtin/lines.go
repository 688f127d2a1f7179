package builtin

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// maxLine is the longest piece of a line that is logged at once, in bytes.
const maxLine = 64 << 10

// lines cuts a stream into lines. It holds at most maxLine bytes between writes.
type lines struct {
	// emit gets each line as valid UTF-8, without its end ("\n" or "\r\n"). A
	// line that is too long comes in pieces; continued is true for all but the
	// first.
	emit   func(text string, continued bool)
	part   []byte // a line, as far as it was written and not emitted
	inLine bool   // pieces of it were emitted
}

// write adds the stream's next bytes.
func (l *lines) write(p []byte) {
	for len(p) > 0 {
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		l.part = append(l.part, line...)
		l.cut()
		if ended {
			l.end()
		}
		p = rest
	}
}

// close emits the last line, if it has no end of its own.
func (l *lines) close() {
	if len(l.part) > 0 {
		l.end()
	}
}

// end emits the line that has come to its end.
func (l *lines) end() {
	l.piece(bytes.TrimSuffix(l.part, []byte("\r")))
	l.part, l.inLine = l.part[:0], false
}

// cut emits pieces of a line that is too long, and cuts no character in two.
func (l *lines) cut() {
	rest := l.part
	for len(rest) > maxLine {
		n := maxLine
		for n > maxLine-utf8.UTFMax && !utf8.RuneStart(rest[n]) {
			n--
		}
		l.piece(rest[:n])
		rest = rest[n:]
	}
	l.part = append(l.part[:0], rest...)
}

func (l *lines) piece(text []byte) {
	l.emit(strings.ToValidUTF8(string(text), "\uFFFD"), l.inLine)
	l.inLine = true
}
