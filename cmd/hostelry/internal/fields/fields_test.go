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
