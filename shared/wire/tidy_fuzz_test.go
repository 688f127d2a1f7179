package wire

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzTidy: it is json.Marshal of what is JSON already, and nothing else.
func FuzzTidy(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,"b\"c\\",true,null]}`, `"plain ü text, and more"`, `"a<b"`, `"\u003c"`, "\"\u2028\"", "\"\u2026 \u20ac\"",
		`{"a": 1}`, `"unended`, `"\`, `"\u12`, `"\u12"`, "\"a\tb\"", "\"\xff\"", `"a" "b"`, ` 1`, ``, `{"a"}`, `[1,]`, `"\x"`, `\"a"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		want, bad := json.Marshal(json.RawMessage(raw))
		got, err := tidy(raw)
		if (err == nil) != (bad == nil) || bad == nil && !bytes.Equal(got, want) {
			t.Errorf("tidy(%q) = %q, %v; json.Marshal gives %q, %v", raw, got, err, want, bad)
		}
		frame, ok := frameOf(raw)
		if ok && json.Valid(frame) != json.Valid(raw) {
			t.Errorf("%q is the frame of %q", frame, raw)
		}
	})
}
