package schema_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hostelry-run/hostelry/shared/schema"
)

// notes reads a schema that must be good.
func notes(t testing.TB, text string) *schema.Notes {
	t.Helper()
	n, err := schema.ReadNotes(json.RawMessage(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return n
}

func ExampleNotes_Fill() {
	n, err := schema.ReadNotes(json.RawMessage(`{
		"properties": {
			"name": {"type": "string"},
			"port": {"type": "integer", "default": 8080}
		}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	config, err := n.Fill(json.RawMessage(`{"name": "web"}`))
	fmt.Println(string(config), err)
	// Output:
	// {"name":"web","port":8080} <nil>
}

// TestFill: which defaults are filled in, and where.
func TestFill(t *testing.T) {
	const retry = `"retry":{"type":"object","properties":{"max":{"default":3},"wait":{"default":"1s"}}`
	for name, c := range map[string]struct{ schema, config, want string }{
		"a field left out":           {`{"properties":{"a":{"default":1}}}`, `{"b":2}`, `{"a":1,"b":2}`},
		"nothing to fill in":         {`{"properties":{"a":{"default":1}}}`, `{ "a" : 2 }`, `{ "a" : 2 }`},
		"no default":                 {`{"properties":{"a":{}}}`, `{ "b":2}`, `{ "b":2}`},
		"no config":                  {`{"properties":{"a":{"default":1}}}`, ` `, `{"a":1}`},
		"null is a value":            {`{"properties":{"a":{"default":1}}}`, `{"a":null}`, `{"a":null}`},
		"null is a default":          {`{"properties":{"a":{"default":null}}}`, `{}`, `{"a":null}`},
		"digits stay":                {`{"properties":{"a":{"default":9007199254740993},"b":{"default":1.10},"c":{"default":1e2}}}`, `{"d":12345678901234567890,"e":0.10}`, `{"a":9007199254740993,"b":1.10,"c":1e2,"d":12345678901234567890,"e":0.10}`},
		"text stays":                 {`{"properties":{"a":{"default":"<&>\u2028"}}}`, `{"b":"<é>"}`, `{"a":"<&>\u2028","b":"<é>"}`},
		"of an object that is there": {`{"properties":{` + retry + `}}}`, `{"retry":{"max":5}}`, `{"retry":{"max":5,"wait":"1s"}}`},
		"of an object that is not":   {`{"properties":{` + retry + `}}}`, `{}`, `{}`},
		"of an object by default":    {`{"properties":{` + retry + `,"default":{"wait":"2s"}}}}`, `{}`, `{"retry":{"max":3,"wait":"2s"}}`},
		"of items":                   {`{"properties":{"l":{"items":{"properties":{"a":{"default":1}}}}}}`, `{"l":[{},{"a":2},5]}`, `{"l":[{"a":1},{"a":2},5]}`},
		"of first items":             {`{"properties":{"l":{"prefixItems":[{},{"properties":{"a":{"default":1}}}],"items":{"properties":{"b":{"default":2}}}}}}`, `{"l":[{},{},{}]}`, `{"l":[{},{"a":1},{"b":2}]}`},
		"of first items, before 2020": {
			`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"l":{"items":[{"properties":{"a":{"default":1}}}],"additionalItems":{"properties":{"b":{"default":2}}}}}}`,
			`{"l":[{},{}]}`, `{"l":[{"a":1},{"b":2}]}`,
		},
		"of a map's values":          {`{"additionalProperties":{"properties":{"a":{"default":1}}}}`, `{"x":{},"y":{"a":2}}`, `{"x":{"a":1},"y":{"a":2}}`},
		"of values by pattern":       {`{"patternProperties":{"^[0-9]+$":{"properties":{"a":{"default":1}}}},"additionalProperties":{"properties":{"b":{"default":2}}}}`, `{"1":{},"x":{}}`, `{"1":{"a":1},"x":{"b":2}}`},
		"through a reference":        {`{"$ref":"#/$defs/c~1d%20e","$defs":{"c/d e":{"properties":{"a":{"$ref":"#/$defs/n"}}},"n":{"default":1}}}`, `{}`, `{"a":1}`},
		"beside a reference":         {`{"properties":{"a":{"$ref":"#/$defs/n","default":2}},"$defs":{"n":{"default":1}}}`, `{}`, `{"a":2}`},
		"through a list of forms":    {`{"allOf":[{"properties":{"a":{"default":1}}},{"properties":{"b":{"default":2}}}]}`, `{}`, `{"a":1,"b":2}`},
		"the first counts":           {`{"properties":{"a":{}},"allOf":[{"properties":{"a":{"default":1}}},{"properties":{"a":{"default":2}}}]}`, `{}`, `{"a":1}`},
		"of what may be null":        {`{"properties":{"o":{"anyOf":[{"properties":{"a":{"default":1}}},{"type":"null"}]},"p":{"oneOf":[{"type":"null"},{"default":2}]}}}`, `{"o":{}}`, `{"o":{"a":1},"p":2}`},
		"not of a choice":            {`{"anyOf":[{"properties":{"a":{"default":1}}},{"properties":{"a":{"default":2}}}],"oneOf":[{"properties":{"b":{"default":1}}},{}]}`, `{}`, `{}`},
		"not behind a condition":     {`{"if":{"properties":{"a":{"default":1}}},"then":{"properties":{"b":{"default":1}}},"dependentSchemas":{"x":{"properties":{"c":{"default":1}}}}}`, `{"x":1}`, `{"x":1}`},
		"unknown keywords":           {`{"properties":{"a":{"x-b":{"default":1}}},"x-c":{"properties":{"d":{"default":1}}},"default":{"e":1}}`, `{}`, `{}`},
		"a field called default":     {`{"properties":{"default":{"properties":{"default":{"default":1}}}}}`, `{"default":{}}`, `{"default":{"default":1}}`},
		"a reference to itself":      {`{"properties":{"next":{"$ref":"#"},"a":{"default":1}},"$ref":"#"}`, `{"next":{"next":{}}}`, `{"a":1,"next":{"a":1,"next":{"a":1}}}`},
		"a reference to nothing":     {`{"properties":{"a":{"$ref":"#/$defs/x"},"b":{"$ref":"x.json"},"c":{"$ref":"#x"},"d":{"$ref":"#/$defs/%zz"},"e":{"default":1}}}`, `{"a":{}}`, `{"a":{},"e":1}`},
		"a default is not shared":    {`{"properties":{"a":{"$ref":"#/$defs/o"},"b":{"$ref":"#/$defs/o"}},"$defs":{"o":{"default":{},"properties":{"x":{"default":[1]}}}}}`, `{"b":{"x":2}}`, `{"a":{"x":[1]},"b":{"x":2}}`},
		"schemas that are no object": {`{"properties":{"a":true,"b":{"default":1}},"additionalProperties":false}`, `{"a":{}}`, `{"a":{},"b":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			n := notes(t, c.schema)
			for range 2 { // the first time must not change the second
				got, err := n.Fill(json.RawMessage(c.config))
				if err != nil || string(got) != c.want {
					t.Errorf("Fill = %s, %v, want %s", got, err, c.want)
				}
			}
		})
	}
}

// TestFillHasAnEnd: a schema can ask for defaults without end.
func TestFillHasAnEnd(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for name, text := range map[string]string{
		"one in the other":   `{"properties":{"a":{"$ref":"#","default":{}}}}`,
		"two in each":        `{"properties":{"a":{"$ref":"#","default":{}},"b":{"$ref":"#","default":{}}}}`,
		"in items":           `{"properties":{"a":{"items":{"$ref":"#"},"default":[{},{},{},{}]}}}`,
		"much of it":         `{"properties":{"l":{"items":{"properties":{"a":{"default":"` + long + `"}}}}}}`,
		"many of them":       `{"properties":{"l":{"items":{"properties":{"a":{"default":[` + strings.Repeat("1,", 1<<15) + `1]}}}}}}`,
		"a reference in two": `{"allOf":[{"$ref":"#"},{"$ref":"#"}],"properties":{"a":{"$ref":"#","default":{}}}}`,
	} {
		config := `{"l":[` + strings.Repeat("{},", 100) + `{}]}`
		if got, err := notes(t, text).Fill(json.RawMessage(config)); got != nil || err == nil || !strings.Contains(err.Error(), "no end, or add more than") {
			t.Errorf("%s: %.100s, %v", name, got, err)
		}
	}
}

func TestFillRefusesWhatIsNotJSON(t *testing.T) {
	for _, config := range []string{`{`, `{} {}`} {
		if got, err := notes(t, `{"properties":{"a":{"default":1}}}`).Fill(json.RawMessage(config)); err == nil {
			t.Errorf("Fill(%s) = %s", config, got)
		}
	}
}

// TestFillTwiceIsFillOnce, for any schema and config, and changes nothing that is
// there.
func TestFillTwiceIsFillOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := encode(map[string]any{
			"$ref": "#/$defs/x", "$defs": map[string]any{"x": anySchema(3).Draw(t, "x"), "y": anySchema(2).Draw(t, "y")},
		})
		n, err := schema.ReadNotes(text)
		if err != nil {
			t.Fatal(err)
		}
		config := encode(anyObject(4).Draw(t, "config"))
		once, err := n.Fill(config)
		if err != nil {
			return // it has no end
		}
		if twice, err := n.Fill(once); err != nil || string(twice) != string(once) {
			t.Fatalf("once %s, and then %s, %v", once, twice, err)
		}
		var before, after any
		_ = json.Unmarshal(config, &before)
		_ = json.Unmarshal(once, &after)
		if !holds(after, before) {
			t.Fatalf("%s does not hold %s", once, config)
		}
	})
}

func encode(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// holds reports whether all of a value is in another.
func holds(after, before any) bool {
	switch before := before.(type) {
	case map[string]any:
		object, _ := after.(map[string]any)
		for name, v := range before {
			if now, isThere := object[name]; !isThere || !holds(now, v) {
				return false
			}
		}
		return true
	case []any:
		list, _ := after.([]any)
		for i, v := range before {
			if len(list) != len(before) || !holds(list[i], v) {
				return false
			}
		}
		return true
	}
	return after == before
}

var names = rapid.SampledFrom([]string{"a", "b", "c"})

// anySchema is a schema of at most depth levels, with defaults.
func anySchema(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		s := map[string]any{}
		if rapid.Bool().Draw(t, "has default") {
			s["default"] = anyValue(2).Draw(t, "default")
		}
		if depth == 0 {
			return s
		}
		inner := anySchema(depth - 1)
		switch rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			s["$ref"] = rapid.SampledFrom([]string{"#/$defs/x", "#/$defs/y", "#/$defs/z", "#"}).Draw(t, "ref")
		case 1:
			s["items"] = inner.Draw(t, "items")
		case 2:
			s["allOf"] = rapid.SliceOfN(inner, 1, 2).Draw(t, "allOf")
		default:
			s["properties"] = rapid.MapOfN(names, inner, 1, 3).Draw(t, "properties")
		}
		return s
	})
}

func anyObject(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(names, anyValue(depth-1), 0, 3)
}

func anyValue(depth int) *rapid.Generator[any] {
	plain := rapid.OneOf(rapid.Just[any](nil), rapid.Just[any](1.0), rapid.Just[any]("x"))
	if depth == 0 {
		return plain
	}
	return rapid.OneOf(plain, rapid.Map(anyObject(depth), func(o map[string]any) any { return o }),
		rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 2), func(l []any) any { return l }))
}
