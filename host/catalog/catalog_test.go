package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestRegisterRefuses(t *testing.T) {
	nothing := func(struct{}) (task.Task, error) { return nil, nil }
	for _, test := range []struct {
		name  string
		kinds []task.Kind
		want  string
	}{
		{"a zero kind", []task.Kind{{}}, "task kind is empty"},
		{"a bad name", []task.Kind{task.NewKind("Bad Name", nothing)}, `name "Bad Name"`},
		{"no constructor", []task.Kind{task.NewKind[struct{}]("empty", nil)}, "no constructor"},
		{"no struct", []task.Kind{task.NewKind("list", func([]int) (task.Task, error) { return nil, nil })}, "not a struct"},
		{
			"a config that is no JSON",
			[]task.Kind{task.NewKind("channel", func(struct{ C chan int }) (task.Task, error) { return nil, nil })},
			`kind "channel"`,
		},
		{"a kind twice", []task.Kind{kind("new"), kind("other"), kind("new")}, `kind "new" is registered twice`},
		{"a known kind", []task.Kind{kind("new"), kind("old")}, `kind "old" is registered twice`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := catalog.New(kind("old"))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Register(test.kinds...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Register: %v, want %s", err, test.want)
			}
			if names := names(c); !slices.Equal(names, []string{"old"}) {
				t.Errorf("after a refusal it has %q", names)
			}
			if _, err := catalog.New(append(test.kinds, kind("old"))...); err == nil {
				t.Error("New did not refuse")
			}
		})
	}
}

func names(c *catalog.Catalog) []string {
	var all []string
	for _, k := range c.Kinds() {
		all = append(all, k.Name)
	}
	return all
}

func TestARegisteredKind(t *testing.T) {
	c, err := catalog.New(kind("b"), kind("a"))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(c); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("kinds: %q", got)
	}
	for _, name := range []string{"a", "builtin/a"} {
		k, err := c.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.Name != "a" || k.Plugin != "" || !k.IsBuiltIn() || k.File() != "" || k.Executable() != "" ||
			k.Description != "does nothing" || k.Local().Name() != "a" || !json.Valid(k.Schema) {
			t.Errorf("%s is %+v", name, k)
		}
	}
}

func TestTheZeroCatalogIsReady(t *testing.T) {
	var c catalog.Catalog
	if c.Kinds() != nil || c.Plugins() != nil {
		t.Error("it is not empty")
	}
	_, err := c.Lookup("a")
	var unknown *catalog.UnknownKindError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "the catalog is empty") {
		t.Errorf("Lookup: %v", err)
	}
	if err := c.Register(kind("a")); err != nil {
		t.Error(err)
	}
	if _, err := c.Lookup("a"); err != nil {
		t.Error(err)
	}
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	c, err := catalog.New(kind("a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.With(kind("b"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.With(kind("d"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Register(kind("c")); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"a", "b"}, {"a", "c"}, {"a", "d"}} {
		if got := names([]*catalog.Catalog{b, c, d}[i]); !slices.Equal(got, want) {
			t.Errorf("kinds: %q, want %q", got, want)
		}
	}
	if _, err := c.With(kind("a")); err == nil || !strings.Contains(err.Error(), "registered twice") {
		t.Errorf("With of a known kind: %v", err)
	}
}

func TestLookupSaysWhatIsKnown(t *testing.T) {
	c, err := catalog.New(kind("exec"), kind("probe"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"prove":         `unknown kind "prove": did you mean "probe"? (known: exec, probe)`,
		"Exec":          `unknown kind "Exec": did you mean "exec"? (known: exec, probe)`,
		"digest":        `unknown kind "digest" (known: exec, probe)`,
		"":              `unknown kind "" (known: exec, probe)`,
		"/":             `unknown kind "/" (known: exec, probe)`,
		"/exec":         `unknown kind "/exec": did you mean "builtin/exec"? (known: exec, probe)`,
		"built-in/exec": `unknown kind "built-in/exec": did you mean "builtin/exec"? (known: exec, probe)`,
		"tools/exec":    `unknown kind "tools/exec": did you mean "builtin/exec"? (known: exec, probe)`,
		"builtin/exe":   `unknown kind "builtin/exe": did you mean "builtin/exec"? (known: exec, probe)`,
	} {
		_, err := c.Lookup(name)
		var unknown *catalog.UnknownKindError
		if !errors.As(err, &unknown) || unknown.Name != name || !slices.Equal(unknown.Known, []string{"exec", "probe"}) {
			t.Errorf("Lookup(%q): %v", name, err)
		}
		if err.Error() != want {
			t.Errorf("Lookup(%q):\n%v, want\n%s", name, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	c, err := catalog.New(kind("a"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.Lookup("a")
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []string{`{"size": 1}`, ` {"text":"x", "size": 3} `, `{"size": 1.0}`} {
		if err := k.Validate(json.RawMessage(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, words := range map[string][]string{
		"":                           {"size"},
		" ":                          {"size"},
		"{}":                         {"size"},
		"null":                       {"object"},
		"[]":                         {"object"},
		`{"size": 0}`:                {"size", "1"},
		`{"size": "1"}`:              {"size", "whole number"},
		`{"size": 1, "txt": "x"}`:    {"txt", "text"},
		`{"text": 1, "sise": 2}`:     {"text", "sise", "size"},
		`{"size": 1} {}`:             {"text after"},
		`{"size": 1}}`:               {"text after"},
		`{"size"`:                    {"not JSON"},
		"\xff":                       {"not JSON"},
		`{"size": 1e999999999}`:      {"1e400"},
		strings.Repeat("[", 1000000): {"not JSON"},
	} {
		err := k.Validate(json.RawMessage(bad))
		var e *catalog.ConfigError
		if !errors.As(err, &e) || e.Kind != "a" || len(e.Problems) == 0 || !strings.HasPrefix(err.Error(), `config of kind "a": `) {
			t.Errorf("%.20s: %v", bad, err)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%.20s: %v, which lacks %q", bad, err, w)
			}
		}
	}
}

func TestMethodsAreSafeFromAnyGoroutine(t *testing.T) {
	var c catalog.Catalog
	var using sync.WaitGroup
	for i := range 8 {
		using.Go(func() {
			if err := c.Register(kind("k-" + string(rune('a'+i)))); err != nil {
				t.Error(err)
			}
			c.Kinds()
			c.Plugins()
			_, _ = c.Lookup("k-a")
			if _, err := c.With(kind("z")); err != nil {
				t.Error(err)
			}
		})
	}
	using.Wait()
	if n := len(c.Kinds()); n != 8 {
		t.Errorf("%d kinds", n)
	}
	for _, k := range c.Kinds() {
		made, err := k.Local().New(json.RawMessage(`{"size":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := made.Run(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
