package fields_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/fields"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	for _, f := range fields.Of(json.RawMessage(`{
		"properties": {
			"root": {"type": "string", "description": "The directory"},
			"from": {"enum": ["cwd", "goroot"], "default": "cwd"}
		},
		"required": ["root"]
	}`)) {
		fmt.Println(strings.Join(f.Lines("  "), "\n"))
	}
	// Output:
	//   root (string, required)  The directory
	//   from (cwd | goroot, default "cwd")
}

func TestTypes(t *testing.T) {
	all := fields.Of(json.RawMessage(`{
		"$ref": "#/$defs/Config",
		"$defs": {
			"Config": {"properties": {
				"list": {"type": "array", "items": {"type": "integer"}},
				"bare": {"type": "array"},
				"map": {"type": "object", "additionalProperties": {"type": "string"}},
				"either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
				"types": {"type": ["string", "null"]},
				"wait": {"$ref": "#/$defs/Duration", "description": "How long"},
				"limits": {"type": "object", "properties": {"cpu": {"type": "number"}}, "required": ["cpu"]},
				"odd": true,
				"loop": {"$ref": "#/$defs/Loop"}
			}},
			"Duration": {"type": "string", "examples": ["5s"]},
			"Loop": {"type": "object", "properties": {"loop": {"$ref": "#/$defs/Loop"}}}
		}
	}`))
	var lines []string
	for _, f := range all {
		lines = append(lines, f.Lines("")...)
	}
	want := `list (list of integer)
bare (list)
map (object of string)
either (string | null)
types (string | null)
wait (string, such as "5s")  How long
limits (object)
  cpu (number, required)
odd (any)
loop (object)
  loop (object)
    loop (object)
      loop (object)`
	if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestFacts: what a field's line says beside its type.
func TestFacts(t *testing.T) {
	all := fields.Of(json.RawMessage(`{
		"properties": {
			"port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 8080, "examples": [80, 443, 8080, 1]},
			"ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1.50, "multipleOf": 0.5},
			"least": {"type": "integer", "minimum": 10000000000000000001},
			"most": {"type": "integer", "maximum": 9},
			"name": {"type": "string", "minLength": 1, "maxLength": 8, "pattern": "^[a-z]{1,8}=$"},
			"id": {"type": "string", "minLength": 8, "maxLength": 8},
			"list": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "maxLength": 2}},
			"level": {"enum": [1000000, "two", null, ""], "default": "two"},
			"kind": {"const": "a"},
			"token": {"type": "string", "secret": true, "minLength": 8, "examples": ["sesame"]},
			"tokens": {"type": "array", "items": {"type": "string", "secret": true}, "examples": [["sesame"]]},
			"map": {"type": "object", "additionalProperties": {"$ref": "#/$defs/secret"}},
			"maybe": {"oneOf": [{"$ref": "#/$defs/secret"}, {"type": "null"}], "examples": ["sesame"]},
			"login": {
				"anyOf": [{"type": "null"}, {"type": "object", "description": "Who", "properties": {"password": {"$ref": "#/$defs/secret"}}}],
				"examples": [{"password": "sesame"}], "default": {"password": "sesame"}
			}
		},
		"required": ["token"],
		"$defs": {"secret": {"type": "string", "secret": true}}
	}`))
	var lines []string
	for _, f := range all {
		lines = append(lines, f.Lines("")...)
	}
	want := `port (integer, 1 to 65535, default 8080, such as 80 or 443 or 8080)
ratio (number, more than 0, less than 1.50, a multiple of 0.5)
least (integer, at least 10000000000000000001)
most (integer, at most 9)
name (string, 1 to 8 characters, matching ^[a-z]{1,8}=$)
id (string, 8 characters)
list (list of string, at least 1 item, no item twice, each at most 2 characters)
level (1000000 | two | null | "", default "two")
kind (a)
token (string, required, secret, at least 8 characters)
tokens (list of string, secret)
map (object of string, secret)
maybe (string | null, secret)
login (null | object)  Who
  password (string, secret)`
	if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestSettings: a small config has what is required, and one of a choice.
func TestSettings(t *testing.T) {
	got := fields.Settings(fields.Of(json.RawMessage(`{
		"properties": {
			"default": {"type": "string", "default": "x", "examples": ["y"]},
			"example": {"type": "integer", "examples": [1, 2]},
			"list": {"type": "array", "items": {"type": "string", "examples": ["a", "b"]}},
			"token": {"type": "string", "secret": true, "examples": ["sesame"]},
			"inner": {"type": "object", "properties": {"port": {"type": "integer"}, "host": {"type": "string"}}, "required": ["port"]},
			"left": {"type": "string"}, "right": {"type": "string"}, "other": {"type": "string"}
		},
		"required": ["default", "example", "list", "token", "inner"],
		"oneOf": [{"required": ["left"]}, {"required": ["right"]}]
	}`)))
	want := [][2]string{
		{"default", `"x"`}, {"example", "1"}, {"list", `["a","b"]`}, {"token.env", "<token.env>"},
		{"inner.port", "<inner.port>"}, {"left", "<left>"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// FuzzOf: a plugin's schema may be anything.
func FuzzOf(f *testing.F) {
	f.Add([]byte(`{"properties":{"a":{"$ref":"#"},"b":{"items":{"$ref":"#/$defs/x"}}},"$defs":{"x":{"$ref":"#/$defs/x"}}}`))
	f.Add([]byte(`{"properties":[1],"required":5}`))
	f.Fuzz(func(t *testing.T, schema []byte) {
		for _, field := range fields.Of(schema) {
			if len(field.Lines("")) == 0 {
				t.Error("a field without a line")
			}
		}
	})
}
