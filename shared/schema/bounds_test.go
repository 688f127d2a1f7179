package schema_test

import (
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/schema"
)

// TestCheckBounds: what is checked without a host, wherever in the config it stands.
func TestCheckBounds(t *testing.T) {
	const rules = `{
		"properties": {
			"port": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2},
			"ratio": {"type": "number", "multipleOf": 0.1},
			"name": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]*$"},
			"how": {"enum": ["fast", "slow"]},
			"set": {"enum": [{"a": 1}, [1]]},
			"same": {"const": 1},
			"list": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true, "items": {"type": "integer", "maximum": 5}},
			"maybe": {"oneOf": [{"type": "string", "minLength": 2}, {"type": "null"}]},
			"either": {"anyOf": [{"type": "string", "minLength": 2}, {"type": "integer"}]},
			"inner": {"$ref": "#/$defs/inner"},
			"map": {"type": "object", "additionalProperties": {"$ref": "#/$defs/inner"}},
			"token": {"type": "string", "secret": true, "minLength": 8}
		},
		"$defs": {"inner": {"properties": {"x": {"maximum": 1}, "y": {"$ref": "#/$defs/inner"}}, "required": ["x"]}},
		"oneOf": [{"required": ["url"], "title": "url"}, {"required": ["tcp"], "title": "tcp"}],
		"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]
	}`
	notes, err := schema.ReadNotes([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{
		`"port": 2`: "", `"port": 0`: "port: it is beyond minimum 1", `"port": 10`: "port: it is beyond exclusiveMaximum 9",
		`"port": 3`: "port: it is no multiple of multipleOf 2", `"port": 1e99999999`: "port: it is beyond exclusiveMaximum 9",
		`"port": "x"`:  "", // which is the decoder's to refuse
		`"ratio": 0.3`: "", `"ratio": 0.35`: "ratio: it is no multiple of multipleOf 0.1",
		`"name": "ab"`: "", `"name": "a"`: "name: it is shorter than minLength 2", `"name": "abcd"`: "name: it is longer than maxLength 3",
		`"name": "A1"`:  "name: it does not match the pattern ^[a-z]*$",
		`"how": "fast"`: "", `"how": "x"`: "how: it is not in the enum [fast slow]",
		`"set": {"a": 1}`: "", `"set": {"a": 2}`: "set: it is not in the enum [map[a:1] [1]]", `"set": [1]`: "",
		`"same": 1.0`: "", `"same": 2`: "same: it is not 1",
		`"list": [1, 5]`: "", `"list": []`: "list: it has fewer than minItems 1", `"list": [1, 2, 3]`: "list: it has more than maxItems 2",
		`"list": [1, 1.0]`: "list: it has item 2 twice", `"list": [1, 6]`: "list.1: it is beyond maximum 5",
		`"maybe": null`: "", `"maybe": "x"`: "maybe: it is shorter than minLength 2", `"either": "x"`: "",
		`"inner": {"x": 1}`: "", `"inner": {}`: "inner: it lacks x", `"inner": {"x": 2, "y": {"x": 3}}`: "inner.x: it is beyond maximum 1\ninner.y.x: it is beyond maximum 1",
		`"map": {"k": {"x": 2}}`: "map.k.x: it is beyond maximum 1",
		`"token": "sesame"`:      "token: it is shorter than minLength 8",
		`"tcp": 1`:               "it has more than one of url, tcp",
	} {
		err := notes.CheckBounds([]byte(`{"url": 1, "a": 1, ` + config + `}`))
		if got := text(err); got != want {
			t.Errorf("%s: %q, want %q", config, got, want)
		}
	}
	if got, want := text(notes.CheckBounds([]byte(`{"b": 1}`))), "it lacks one of a, b, c\nit lacks one of url, tcp"; got != want {
		t.Errorf("of choices: %q, want %q", got, want)
	}
	if err := notes.CheckBounds([]byte(`{`)); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("of no JSON: %v", err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
