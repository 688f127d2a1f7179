package host_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// tuned is a config with a default for each kind of field.
type tuned struct {
	Name  string           `json:"name"`
	Text  string           `json:"text,omitempty"  jsonschema:"default=a\\,b=c"`
	Big   uint64           `json:"big,omitempty"   jsonschema:"default=9007199254740993"`
	Ratio float64          `json:"ratio,omitempty" jsonschema:"default=0.5,minimum=0"`
	On    *bool            `json:"on,omitempty"    jsonschema:"default=true"`
	List  []int            `json:"list,omitempty"  jsonschema:"default=1,default=2"`
	Retry knobs            `json:"retry,omitzero"`
	Maybe *knobs           `json:"maybe,omitempty"`
	Each  []knobs          `json:"each,omitempty"`
	By    map[string]knobs `json:"by,omitempty"`
	knobs
}

type knobs struct {
	Max  int    `json:"max,omitempty"  jsonschema:"default=3"`
	Wait string `json:"wait,omitempty" jsonschema:"default=1s"`
}

// tunedKind is the kind of tasks whose result is the config that they were given.
func tunedKind() task.Kind {
	return task.NewKind("tuned", func(c tuned) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return c, nil }), nil
	})
}

// foreign is a config whose schema is as another language would write it.
type foreign struct{ raw json.RawMessage }

func (f *foreign) UnmarshalJSON(data []byte) error {
	f.raw = append([]byte(nil), data...)
	return nil
}

func (foreign) JSONSchema() *jsonschema.Schema {
	s := new(jsonschema.Schema)
	if err := json.Unmarshal([]byte(foreignSchema), s); err != nil {
		panic(err)
	}
	return s
}

const foreignSchema = `{
	"$ref": "#/$defs/Config",
	"$defs": {
		"Config": {
			"type": "object",
			"properties": {
				"name": {"type": "string"},
				"level": {"$ref": "#/$defs/Level", "default": 2},
				"when": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": "noon"},
				"servers": {"type": "array", "items": {"$ref": "#/$defs/Server"}, "default": [{"port": 1}]}
			},
			"required": ["name"]
		},
		"Level": {"type": "integer", "enum": [1, 2]},
		"Server": {"type": "object", "properties": {"port": {"type": "integer", "default": 8080}, "host": {"default": "localhost"}}}
	}
}`

func foreignKind() task.Kind {
	return task.NewKind("foreign", func(c foreign) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return c.raw, nil }), nil
	})
}

// TestDefaultsReachTheTaskInEveryMode, from a Go struct and from JSON alike, and
// for a schema of whatever origin.
func TestDefaultsReachTheTaskInEveryMode(t *testing.T) {
	const filled = `"max":3,"wait":"1s"`
	all := `{"name":"n","text":"a,b=c","big":9007199254740993,"ratio":0.5,"on":true,"list":[1,2],"retry":{` + filled + `},` + filled + `}`
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		off := false
		for name, c := range map[string]struct {
			kind   string
			config any
			want   string
		}{
			"struct": {"tuned", tuned{Name: "n"}, all},
			"json":   {"tuned", json.RawMessage(`{"name": "n"}`), all},
			"map":    {"tuned", map[string]any{"name": "n"}, all},
			"given": {
				"tuned", tuned{Name: "n", Text: "t", Big: 1, Ratio: 2, On: &off, List: []int{7}, Retry: knobs{Max: 9}, Maybe: &knobs{}, Each: []knobs{{}, {Max: 4}}, By: map[string]knobs{"x": {}}, knobs: knobs{Wait: "2s"}},
				`{"name":"n","text":"t","big":1,"ratio":2,"on":false,"list":[7],"retry":{"max":9,"wait":"1s"},"maybe":{` + filled + `},"each":[{` + filled + `},{"max":4,"wait":"1s"}],"by":{"x":{` + filled + `}},"max":3,"wait":"2s"}`,
			},
			"foreign": {
				"foreign", json.RawMessage(`{"name":"n"}`),
				`{"level":2,"name":"n","servers":[{"host":"localhost","port":1}],"when":"noon"}`,
			},
			"foreign-given": {
				"foreign", json.RawMessage(`{"name":"n","level":1,"when":"now","servers":[{},{"host":"x"}],"more":12345678901234567890}`),
				`{"level":1,"more":12345678901234567890,"name":"n","servers":[{"host":"localhost","port":8080},{"host":"x","port":8080}],"when":"now"}`,
			},
		} {
			spec := g.spec(c.kind, config{}, name)
			spec.Config = c.config
			if _, err := g.Add(spec); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			t.Cleanup(func() {
				for _, h := range g.Handles() {
					if h.ID() == spec.ID {
						if diff := cmp.Diff(c.want, string(h.Result())); diff != "" {
							t.Errorf("%s: the task's config (-want +got):\n%s", name, diff)
						}
					}
				}
			})
		}
		if err := g.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestConfigIsCheckedBeforeItIsFilled: a default makes up for nothing that must be
// given, nor does it hide what is wrong.
func TestConfigIsCheckedBeforeItIsFilled(t *testing.T) {
	g := newRig(t, host.Goroutine)
	for raw, want := range map[string]string{
		`{}`:                                 `missing required field "name"`,
		`{"name":"n","list":null}`:           `"list" is empty (null)`,
		`{"name":"n","each":[{"max":"x"}]}`:  `"max" is "x": expected a whole number`,
		`{"name":"n","retry":{"limit":"x"}}`: `unknown field "limit"`,
	} {
		if _, err := g.Add(host.Spec{ID: "a", Kind: "tuned", Config: json.RawMessage(raw)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
}

// TestKindWithABadTagIsRefused when it is registered.
func TestKindWithABadTagIsRefused(t *testing.T) {
	type config struct {
		Port int `json:"port,omitempty" jsonschema:"minimun=1"`
	}
	kind := task.NewKind("a", func(config) (task.Task, error) { return nil, nil })
	r, err := host.New(host.WithKinds(kind))
	if r != nil || err == nil || !strings.Contains(err.Error(), `kind "a": `) || !strings.Contains(err.Error(), `field Port: jsonschema tag "minimun=1"`) {
		t.Errorf("New: %v", err)
	}
}
