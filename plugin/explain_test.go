package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// odd has fields of which a schema says little, or in an unusual way.
type odd struct {
	Any     any             `json:"any"`
	Raw     json.RawMessage `json:"raw,omitempty" jsonschema:"description=whatever"`
	Either  any             `json:"either"        jsonschema:"oneof_type=string;integer"`
	Maybe   *string         `json:"maybe"         jsonschema:"nullable"`
	Big     int             `json:"big,omitempty" jsonschema:"default=1000000"`
	List    []string        `json:"list"`
	Inner   struct{ A int } `json:"inner"`
	When    time.Time       `json:"when"`
	Port    int             `json:"port"          jsonschema:"minimum=1,maximum=9,example=5"`
	Token   string          `json:"token"         jsonschema:"pattern=^a,example=sesame"     jsonschema_extras:"secret=true"`
	private int
}

func TestExplainOddFields(t *testing.T) {
	kind := task.NewKind("odd", func(c odd) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return c.private, nil }), nil
	})
	d, err := describe(Info{Name: "odd", Version: "0.1.0"}, []task.Kind{kind})
	if err != nil {
		t.Fatal(err)
	}
	d.Kinds[0].ConfigSchema = bytes.Replace(d.Kinds[0].ConfigSchema, []byte(`"when":{"type":"string"`), []byte(`"when":{"type":["string","null"]`), 1)
	var w bytes.Buffer
	file := filepath.Join("some", "where", "hostelry-odd")
	(&command{file: file, description: d}).explain(&w)
	dir := filepath.Dir(file)
	want := `odd 0.1.0 is a Hostelry plugin: a host starts it, and runs tasks in it.

It offers:
  odd
      any (any, required)
      big (integer, default 1000000)
      either (string or integer, required)
      inner (object, required)
      list (array, required)
      maybe (string or null, required)
      port (integer, required, minimum 1, maximum 9, such as 5)
      raw (any)  whatever
      token (string, required, pattern ^a, secret)
      when (string or null, required)

To run one by a host:
  hostelry plugin show --plugins ` + dir + ` odd
  hostelry run --plugins ` + dir + ` odd --set KEY=VALUE

To run one in this one process, for a debugger, profiler or tracer; Ctrl-C stops it:
  ` + file + ` run odd --set KEY=VALUE

To serve hosts that somebody else starts, under a debugger; it says what to tell them:
  ` + file + ` serve --attach

To see what it offers, for programs as JSON:
  ` + file + ` describe [--json]

Each has --help.
`
	if w.String() != want {
		t.Errorf("%s\nwant\n%s", &w, want)
	}
}

// A person who calls the plugin by a name on PATH is told where it is.
func TestExplainAPluginOnPath(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(self))
	kind := task.NewKind("a", func(struct{}) (task.Task, error) { return nil, nil })
	d, err := describe(Info{Name: "a", Version: "0.1.0"}, []task.Kind{kind})
	if err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	(&command{file: filepath.Base(self), description: d}).explain(&w)
	if want := "--plugins " + filepath.Dir(self) + " a\n"; !strings.Contains(w.String(), want) {
		t.Errorf("%s\nlacks %s", &w, want)
	}
}

// A tag that says nothing is said where the plugin describes itself.
func TestDescribeNamesABadTag(t *testing.T) {
	type config struct {
		Port int `json:"port,omitempty" jsonschema:"minimum=1,default=0"`
	}
	kind := task.NewKind("a", func(config) (task.Task, error) { return nil, nil })
	_, err := describe(Info{Name: "a", Version: "0.1.0"}, []task.Kind{kind})
	if want := `kind "a": no JSON Schema for plugin.config: field Port: jsonschema tag "default=0": it is beyond minimum 1`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
