package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/host/schema"
)

// decode reads JSON as hosts do, with numbers kept as text.
func decode(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCheckInWords shows each kind of problem: its place (with a trailing "!"
// where the key is what is wrong) and its words.
func TestCheckInWords(t *testing.T) {
	tests := []struct {
		name, schema, value string
		want                []string
	}{
		{"fits", `{"type":"object"}`, `{"a":1}`, nil},
		{"empty schema takes an object", ``, `{"a":1}`, nil},
		{"empty schema takes nothing else", ``, `[]`, []string{`: the value is a list: expected an object`}},
		{
			"unknown field", `{"properties":{"zone":{},"root":{},"from":{}},"additionalProperties":false}`, `{"rot":1}`,
			[]string{`rot!: unknown field "rot": did you mean "root"? (known: zone, root, from)`},
		},
		{
			"unknown field, none near", `{"properties":{"root":{}},"additionalProperties":false}`, `{"color":1}`,
			[]string{`color!: unknown field "color" (known: root)`},
		},
		{"no fields at all", `{"additionalProperties":false}`, `{"color":1}`, []string{`color!: unknown field "color": no field is allowed here`}},
		{
			"unknown field behind a reference",
			`{"$ref":"#/$defs/a~0b%20c","$defs":{"a~b c":{"properties":{"x":{"properties":{"yes":{}},"additionalProperties":false}}}}}`,
			`{"x":{"yse":1}}`, []string{`x.yse!: unknown field "yse": did you mean "yes"? (known: yes)`},
		},
		{"field forbidden", `{"properties":{"a":false}}`, `{"a":1}`, []string{`a!: field "a" is not allowed here`}},
		{
			"several missing", `{"properties":{"x":{"required":["a","b"]}}}`, `{"x":{}}`,
			[]string{`x!: missing required field "a"`, `x!: missing required field "b"`},
		},
		{"wrong type", `{"properties":{"interval":{"type":"string"}}}`, `{"interval":5}`, []string{`interval: "interval" is 5: expected a string`}},
		{"wrong type, with an example", `{"properties":{"d":{"type":"string","examples":["5s"]}}}`, `{"d":5}`, []string{`d: "d" is 5: expected a string, such as "5s"`}},
		{"null", `{"properties":{"a":{"type":"integer"}}}`, `{"a":null}`, []string{`a: "a" is empty (null): expected a whole number`}},
		{"types", `{"properties":{"a":{"type":["boolean","null"]}}}`, `{"a":"x"}`, []string{`a: "a" is "x": expected nothing (null) or true or false`}},
		{
			"item", `{"properties":{"urls":{"items":{"type":"string"}}}}`, `{"urls":["a",2,3]}`,
			[]string{`urls.1: item 2 of "urls" is 2: expected a string`, `urls.2: item 3 of "urls" is 3: expected a string`},
		},
		{"enum", `{"properties":{"mode":{"enum":["async","process"]}}}`, `{"mode":"Async"}`, []string{`mode: mode "Async" is not one of async, process: did you mean "async"?`}},
		{"enum of another type", `{"properties":{"n":{"enum":[1,2]}}}`, `{"n":"x"}`, []string{`n: n "x" is not one of 1, 2`}},
		{"const", `{"properties":{"v":{"const":1}}}`, `{"v":2}`, []string{`v: "v" is 2: expected 1`}},
		{"minimum", `{"properties":{"n":{"minimum":0.5}}}`, `{"n":0}`, []string{`n: "n" is 0: expected at least 0.5`}},
		{"maximum, exactly", `{"properties":{"n":{"maximum":9007199254740993}}}`, `{"n":9007199254740994}`, []string{`n: "n" is 9007199254740994: expected at most 9007199254740993`}},
		{"exclusive", `{"properties":{"n":{"exclusiveMinimum":0,"exclusiveMaximum":0}}}`, `{"n":0}`, []string{`n: "n" is 0: expected more than 0`, `n: "n" is 0: expected less than 0`}},
		{"multiple", `{"properties":{"n":{"multipleOf":4}}}`, `{"n":6}`, []string{`n: "n" is 6: expected a multiple of 4`}},
		{"lengths", `{"properties":{"s":{"minLength":1},"t":{"maxLength":2}}}`, `{"s":"","t":"abc"}`, []string{`s: "s" is "": expected at least 1 character`, `t: "t" is "abc": expected at most 2 characters`}},
		{"min items", `{"properties":{"l":{"minItems":1}}}`, `{"l":[]}`, []string{`l: "l" is a list: expected at least 1 item, not 0`}},
		{"max items", `{"properties":{"l":{"maxItems":1}}}`, `{"l":[1,2]}`, []string{`l: "l" is a list: expected at most 1 item, not 2`}},
		{"fields", `{"properties":{"o":{"minProperties":2}}}`, `{"o":{}}`, []string{`o: "o" is an object: expected at least 2 fields, not 0`}},
		{"unique", `{"properties":{"l":{"uniqueItems":true}}}`, `{"l":[1,2,1]}`, []string{`l: "l" has the same item twice, at 1 and 3 (counted from 1)`}},
		{
			"pattern", `{"properties":{"d":{"pattern":"^[0-9]+s$","examples":["5s"]}}}`, `{"d":"5 s"}`,
			[]string{`d: "d" is "5 s": expected text that matches ^[0-9]+s$, such as "5s"`},
		},
		{"not", `{"properties":{"d":{"not":{"const":"x"}}}}`, `{"d":"x"}`, []string{`d: "d" is "x": that is not allowed`}},
		{"dependent", `{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, []string{`: field "a" needs b beside it`}},
		{
			"names of fields, beside another field", `{"properties":{"tasks":{"propertyNames":{"pattern":"^a"}}}}`,
			`{"a":{},"b":{},"tasks":{"b":1},"z":{}}`, []string{`tasks.b!: the field's name is "b": expected text that matches ^a`},
		},
		{"any of types", `{"properties":{"c":{"anyOf":[{"type":"string"},{"type":"array"}]}}}`, `{"c":5}`, []string{`c: "c" is 5: expected a string or a list`}},
		{
			"any of: the branch that was meant",
			`{"properties":{"c":{"anyOf":[{"type":"string"},{"type":"object","properties":{"cpu":{"type":"number"}}}]}}}`,
			`{"c":{"cpu":"x"}}`, []string{`c.cpu: "cpu" is "x": expected a number`},
		},
		{
			"one of: fewest problems",
			`{"oneOf":[{"required":["a","b","c"]},{"required":["a","d"]}]}`,
			`{"a":1}`, []string{`!: missing required field "d"`},
		},
		{"one of: two fit", `{"properties":{"x":{"oneOf":[{"minimum":1},{"minimum":2}]}}}`, `{"x":3}`, []string{`x: "x" fits more than one of the forms that exclude each other`}},
		{"one of several fields: none", `{"oneOf":[{"required":["url"]},{"required":["tcp"]}]}`, `{}`, []string{`!: missing required field: one of url, tcp`}},
		{"one of several fields: two", `{"oneOf":[{"required":["url"]},{"required":["a"]},{"required":["tcp"]}]}`, `{"url":1,"tcp":1}`, []string{`: fields "url" and "tcp" exclude each other: give one of them`}},
		{"all of, once", `{"allOf":[{"required":["a"]},{"required":["a"]}]}`, `{}`, []string{`!: missing required field "a"`}},
		{"cycle", `{"$ref":"#"}`, `{}`, []string{`: its schema refers to itself without end: tell its author`}},
		{"huge number", `{"properties":{"n":{"minimum":0}}}`, `{"n":1e999999999}`, []string{`n: 1e999999999 is not a number within 1e400 and 400 digits`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := schema.Compile(json.RawMessage(tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range s.Check(decode(t, tt.value)) {
				place := strings.Join(p.Path, ".")
				if p.Key {
					place += "!"
				}
				got = append(got, place+": "+p.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckTakesPlainNumbers(t *testing.T) {
	s, err := schema.Compile(json.RawMessage(`{"properties":{"n":{"type":"integer","minimum":3}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Check(map[string]any{"n": 2.0}); len(got) != 1 || got[0].Message != `"n" is 2: expected at least 3` {
		t.Errorf("got %v", got)
	}
}

func TestCheckRefusesDeepNesting(t *testing.T) {
	s, err := schema.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	var deep any = 1
	for range 100_000 {
		deep = []any{deep}
	}
	got := s.Check(map[string]any{"a": deep})
	if len(got) != 1 || !strings.Contains(got[0].String(), "nested deeper than") {
		t.Errorf("got %v", got)
	}
}

func TestCompileRefusesManyParts(t *testing.T) {
	for _, part := range []string{`{}`, `true`} {
		raw := `{"properties":{"a":` + part
		for i := range 10_000 {
			raw += fmt.Sprintf(`,"a%d":%s`, i, part)
		}
		if _, err := schema.Compile(json.RawMessage(raw + `}}`)); err == nil || !strings.Contains(err.Error(), "it has 10003 parts, more than 10000") {
			t.Errorf("Compile: %v", err)
		}
	}
}

func TestProblemStringHasThePathBelowTheFirstLevel(t *testing.T) {
	for path, want := range map[string]string{
		"": "m", "limits": "m", "limits 2": "m", "limits 2 3": "m", "limits cpu": "limits.cpu: m", "limits 2 cpu 1": "limits[2].cpu[1]: m",
	} {
		p := schema.Problem{Path: strings.Fields(path), Message: "m"}
		if got := p.String(); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}

// TestCompileRefuses: each error is one line that says what is wrong.
func TestCompileRefuses(t *testing.T) {
	tests := []struct{ name, schema, want string }{
		{"not JSON", `{`, "schema is not JSON"},
		{"a file", `{"$ref":"other.json"}`, `it refers to "other.json", and nothing outside the schema is loaded`},
		{"an absolute file", `{"$ref":"file:///etc/passwd"}`, `it refers to "file:///etc/passwd"`},
		{"the network", `{"$ref":"https://example.com/s.json"}`, `it refers to "https://example.com/s.json"`},
		{"a draft of the network's", `{"$schema":"https://example.com/draft"}`, `it refers to "https://example.com/draft"`},
		{"a reference to nothing", `{"$ref":"#/$defs/x"}`, `/$defs/x`},
		{"a bad type", `{"properties":{"a":{"type":"strng"}}}`, `properties.a.type: type "strng" is not one of`},
		{"a bad pattern", `{"pattern":"("}`, `bad schema: `},
		{"a huge number", `{"minimum":1e999999999}`, `1e999999999 is not a number within`},
		{"not a schema", `[]`, `bad schema: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := schema.Compile(json.RawMessage(tt.schema))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	known := []string{"goroutine", "async", "process", "root"}
	for name, want := range map[string]string{
		"proces": "process", "rot": "root", "asnyc": "async", "PROCESS": "process",
		"goroutines": "goroutine", "x": "", "fork": "", "": "", strings.Repeat("a", 1<<20): "",
	} {
		if got := schema.Nearest(name, known); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzCheck: no schema and no value, however odd, brings the checker down.
func FuzzCheck(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"$ref":"#"}}}`, `{"a":{"a":1}}`)
	f.Add(`{"anyOf":[{"type":"string"},{"required":["x"]}]}`, `{}`)
	f.Add(`{"$dynamicRef":"#x","$defs":{"y":{"$dynamicAnchor":"x","items":false}}}`, `[1]`)
	f.Add(`{"propertyNames":{"maxLength":1},"unevaluatedProperties":false}`, `{"ab":1e5}`)
	f.Fuzz(func(t *testing.T, rawSchema, rawValue string) {
		s, err := schema.Compile(json.RawMessage(rawSchema))
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(rawValue))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil {
			return
		}
		for _, p := range s.Check(v) {
			if p.Message == "" {
				t.Errorf("a problem without words at %q", p.Path)
			}
		}
	})
}
