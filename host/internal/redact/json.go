package redact

import (
	"bytes"
	"encoding/json"
)

// JSON masks the secrets in the strings of a JSON text, which is valid, names of
// fields among them. Everything else in it stays as it is, digit for digit.
func (m *Mask) JSON(raw json.RawMessage) json.RawMessage {
	if m == nil {
		return raw
	}
	var masked []byte
	for at := 0; at < len(raw); {
		end := at + 1
		if raw[at] == '"' {
			end = stringEnd(raw, at)
			masked = append(masked, m.literal(raw[at:end])...)
		} else {
			masked = append(masked, raw[at])
		}
		at = end
	}
	if bytes.Equal(masked, raw) {
		return raw
	}
	return masked
}

// stringEnd is where the string literal ends that begins at start.
func stringEnd(raw []byte, start int) int {
	for i := start + 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

// literal masks the secrets in a string literal.
func (m *Mask) literal(raw []byte) []byte {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	masked := m.Text(text)
	if masked == text {
		return raw
	}
	encoded, err := json.Marshal(masked)
	if err != nil { // a string always encodes
		return []byte(`"` + Masked + `"`)
	}
	return encoded
}
