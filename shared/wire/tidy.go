package wire

import (
	"bytes"
	"encoding/json"
)

// tidy returns JSON as json.Marshal writes it: without blanks, and escaped for HTML.
// It fails if raw is not JSON. A plugin in Go sends it so already; to see that takes
// a tenth of the time of a json.Marshal where most of a large result is text.
func tidy(raw []byte) (json.RawMessage, error) {
	if frame, ok := frameOf(raw); ok && !bytes.ContainsAny(frame, " \t\r\n") && json.Valid(frame) {
		return raw, nil
	}
	return json.Marshal(json.RawMessage(raw))
}

// frameOf is raw without the plain bytes of its strings: a byte that changes nothing
// for what may follow it. It is JSON if raw is. ok is false if a string holds what
// json.Marshal escapes.
func frameOf(raw []byte) (frame []byte, ok bool) {
	inString := false
	for len(raw) > 0 {
		var n int
		if inString {
			raw = raw[plainBytes(raw):]
			n = special(raw)
			if n < 0 {
				return nil, false
			}
			inString = !bytes.HasPrefix(raw, []byte(`"`))
		} else if n = bytes.IndexByte(raw, '"') + 1; n > 0 {
			inString = true
		} else {
			n = len(raw)
		}
		frame = append(frame, raw[:n]...)
		raw = raw[n:]
	}
	return frame, true
}

// plainBytes counts the bytes at the beginning of raw that are plain in a string.
func plainBytes(raw []byte) int {
	for i, c := range raw {
		if !plain[c] {
			return i
		}
	}
	return len(raw)
}

// special is the length of what stands at the beginning of raw, in a string, and is not
// plain; -1 if json.Marshal escapes it.
func special(raw []byte) int {
	switch {
	case len(raw) == 0:
		return 0
	case bytes.HasPrefix(raw, []byte(`\u`)):
		return min(len(`\u0000`), len(raw))
	case raw[0] == '\\':
		return min(len(`\n`), len(raw))
	case raw[0] == '<', raw[0] == '>', raw[0] == '&',
		bytes.HasPrefix(raw, []byte("\u2028")), bytes.HasPrefix(raw, []byte("\u2029")):
		return -1
	default: // the closing quote; a byte that is not allowed; another text that begins as U+2028
		return 1
	}
}

// plain are the bytes that are not special, whatever follows them.
//
//nolint:gochecknoglobals // a table, which nobody changes
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' && !bytes.Contains([]byte("\"\\<>&\u2028"[:6]), []byte{byte(c)})
	}
	return table
}()
