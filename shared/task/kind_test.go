package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

type config struct {
	Root  string `json:"root"`
	Depth int    `json:"depth,omitempty"`
}

// echo is a kind whose task returns its config.
func echo(c config) (task.Task, error) {
	return task.Func(func(context.Context) (any, error) { return c, nil }), nil
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "digest": true, "a-b-3": true, "a9": true, strings.Repeat("a", 64): true,
		"": false, "9a": false, "-a": false, "a-": false, "A": false, "a_b": false, "a/b": false, "a.b": false,
		"a b": false, "ä": false, "a\n": false, strings.Repeat("a", 65): false, "a\x00": false,
	} {
		err := task.ValidateName(name)
		if (err == nil) != ok {
			t.Errorf("ValidateName(%q) = %v", name, err)
		}
		if kindErr := task.NewKind(name, echo).Validate(); (kindErr == nil) != ok {
			t.Errorf("a kind named %q: %v", name, kindErr)
		}
	}
}

func TestKindValues(t *testing.T) {
	k := task.NewKind("echo", echo, task.WithDescription("Returns its config."))
	if k.Name() != "echo" || k.Description() != "Returns its config." {
		t.Errorf("name %q, description %q", k.Name(), k.Description())
	}
	if want := reflect.TypeFor[config](); k.ConfigType() != want {
		t.Errorf("config type %v, want %v", k.ConfigType(), want)
	}
	if d := task.NewKind("echo", echo).Description(); d != "" {
		t.Errorf("description %q by default", d)
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		kind task.Kind
		want string
	}{
		"good":           {task.NewKind("echo", echo), ""},
		"no config":      {task.NewKind("echo", func(struct{}) (task.Task, error) { return nil, nil }), ""},
		"zero":           {task.Kind{}, "make it with task.NewKind"},
		"no constructor": {task.NewKind[config]("echo", nil), "constructor"},
		"pointer":        {task.NewKind("echo", func(*config) (task.Task, error) { return nil, nil }), "not a struct"},
		"map":            {task.NewKind("echo", func(map[string]any) (task.Task, error) { return nil, nil }), "not a struct"},
		"interface":      {task.NewKind("echo", func(any) (task.Task, error) { return nil, nil }), "not a struct"},
		"bad name":       {task.NewKind("No Name", echo), `name "No Name"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.kind.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("Validate = %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("Validate = %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestNewDecodesStrictly(t *testing.T) {
	kind := task.NewKind("echo", echo)
	for text, want := range map[string]config{
		``:                           {},
		" \n":                        {},
		`null`:                       {},
		`{}`:                         {},
		`{"root": "."}`:              {Root: "."},
		` {"root":".","depth":3} `:   {Root: ".", Depth: 3},
		`{"root":"a","root":"b"}`:    {Root: "b"},
		"{\"root\":\"\\u0000\xff\"}": {Root: "\x00\uFFFD"},
	} {
		made, err := kind.New(json.RawMessage(text))
		if err != nil {
			t.Errorf("New(%s) = %v", text, err)
			continue
		}
		if got, _ := made.Run(t.Context()); got != want {
			t.Errorf("New(%s) made %+v, want %+v", text, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	kind := task.NewKind("echo", echo)
	for text, want := range map[string]string{
		`{"roto": "."}`:        `"roto"`,
		`{"root": 3}`:          "root",
		`{"depth": "3"}`:       "depth",
		`{"depth": 1.5}`:       "depth",
		`[]`:                   "array",
		`"."`:                  "string",
		`true`:                 "bool",
		`{`:                    "unexpected EOF",
		`{} {}`:                "text after",
		`{} x`:                 "text after",
		`{}}`:                  "text after",
		`{"root": "."} "more"`: "text after",
		"\x00":                 "invalid character",
	} {
		_, err := kind.New(json.RawMessage(text))
		switch {
		case !errors.Is(err, task.ErrBadConfig):
			t.Errorf("New(%s) = %v, want ErrBadConfig", text, err)
		case !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"echo"`):
			t.Errorf("New(%s) = %v, want %q and the kind in it", text, err, want)
		}
	}
}

func TestConstructorRefuses(t *testing.T) {
	missing := errors.New("no such directory")
	kind := task.NewKind("picky", func(config) (task.Task, error) { return nil, task.Permanent(missing) })
	_, err := kind.New(nil)
	if !errors.Is(err, task.ErrBadConfig) || !errors.Is(err, missing) || !task.IsPermanent(err) {
		t.Errorf("New = %v", err)
	}
	none := task.NewKind("none", func(config) (task.Task, error) { return nil, nil })
	if made, err := none.New(nil); made != nil || !errors.Is(err, task.ErrBadConfig) {
		t.Errorf("a kind that makes no task: %v, %v", made, err)
	}
}

// TestNewMakesAFreshTask: attempts share nothing, not even the config's slices.
func TestNewMakesAFreshTask(t *testing.T) {
	type list struct {
		Items []int `json:"items"`
	}
	made := 0
	kind := task.NewKind("list", func(c list) (task.Task, error) {
		made++
		return task.Func(func(context.Context) (any, error) { c.Items[0]++; return c.Items[0], nil }), nil
	})
	for range 2 {
		run, err := kind.New(json.RawMessage(`{"items":[1]}`))
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := run.Run(t.Context()); v != 2 {
			t.Errorf("the task saw another's config: %v", v)
		}
	}
	if made != 2 {
		t.Errorf("the constructor was called %d times", made)
	}
}
