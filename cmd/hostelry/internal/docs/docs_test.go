package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/docs"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	fmt.Print(docs.Markdown(wire.Description{Name: "hello", Version: "0.1.0", Kinds: []wire.KindDescription{{
		Name: "hello", Description: "greets *you*",
		ConfigSchema: json.RawMessage(`{"properties": {"name": {"type": "string", "description": "Whom"}}, "required": ["name"]}`),
	}}}))
	// Output:
	// # Plugin hello 0.1.0
	//
	// ## Kind hello
	//
	// greets \*you\*
	//
	// | Field | Type | Required | Default | Constraints | Description |
	// |---|---|---|---|---|---|
	// | `name` | string | yes |  |  | Whom |
	//
	// In a job file:
	//
	// ```yaml
	// plugins:
	//   dir: plugins # holds hostelry-hello
	// tasks:
	//   hello:
	//     kind: hello
	//     config:
	//       name: VALUE # string
	// ```
}

// hostile is a plugin whose every word would rather be markup.
var hostile = wire.Description{
	Name: "x\n# owned <b>", Version: "1 #",
	Kinds: []wire.KindDescription{
		{
			Name:        "null",
			Description: "- a list\n\n```\n<script>alert(1)</script> | [click](javascript:x) ![](x) &lt; \\| $1$ \x1b[2J\u202e",
			ConfigSchema: json.RawMessage(`{
				"required": ["a|b", "` + "`tick`" + `", "\n` + "```" + `", "limits", "yes", "list", "any", "token"],
				"properties": {
					"a|b": {"type": "string", "description": "one | two\n| three |", "default": "` + "`a` | \\\\" + `"},
					"` + "`tick`" + `": {"enum": ["<i>", "\\|"], "description": "1. not a list", "examples": ["<i>"]},
					"\n` + "```" + `": {"type": "string", "description": "\n` + "```" + `"},
					"limits": {"type": "object", "properties": {
						"cpu": {"type": "number", "description": "_cores_"}, "why": {"type": "string", "default": "\u202e\u007f"}
					}, "required": ["cpu"]},
					"yes": {"type": "object", "properties": {"no": {"type": "boolean"}}},
					"list": {"type": "array", "items": {"type": "integer"}, "examples": [[1, 2]]},
					"token": {"type": "string", "secret": true, "minLength": 8, "pattern": "^<|[a-z]$", "examples": ["sesame"]},
					"any": {}
				}
			}`),
		},
		{Name: "<b>", ConfigSchema: json.RawMessage(`true`)},
	},
}

// TestHostile: what a plugin says stays text. The golden file was looked at by eye.
func TestHostile(t *testing.T) {
	got := docs.Markdown(hostile)
	golden := filepath.Join("testdata", "hostile.md")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
	headings, inside := 0, false
	for line := range strings.Lines(got) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside:
		case strings.HasPrefix(line, "#"):
			headings++
		case strings.HasPrefix(line, "|") && strings.Count(line, "|") != 7:
			t.Errorf("the row has other cells: %s", line)
		case strings.ContainsAny(line, "<\x1b\u202e"):
			t.Errorf("markup got through: %s", line)
		}
	}
	if headings != 3 || inside {
		t.Errorf("%d headings, want 3; in a block at the end: %v", headings, inside)
	}
}

// TestExampleIsAJobFile: what a page gives to copy is one.
func TestExampleIsAJobFile(t *testing.T) {
	for i, block := range strings.Split(docs.Markdown(hostile), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "\n```\n")
		job, problems := jobfile.Parse("job.yaml", []byte(text))
		if problems.Err() != nil && i == 0 {
			t.Errorf("%v in:\n%s", problems, text)
		}
		if len(job.Tasks) != 1 || job.Tasks[0].Kind != hostile.Kinds[i].Name {
			t.Errorf("the tasks are %+v", job.Tasks)
		}
	}
}
