package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hostelry-run/hostelry/host/schema"
)

// TestCompileRefusesBadDefaults: a default fits the schema that gives it, wherever.
func TestCompileRefusesBadDefaults(t *testing.T) {
	for text, want := range map[string]string{
		`{"properties":{"a":{"type":"integer","default":"x"}}}`:                                                     `bad schema: properties.a.default: the value is "x": expected a whole number`,
		`{"properties":{"a":{"enum":[1,2],"default":3}}}`:                                                           `bad schema: properties.a.default: the value 3 is not one of 1, 2`,
		`{"properties":{"a":{"minimum":1,"default":0}}}`:                                                            `properties.a.default: the value is 0: expected at least 1`,
		`{"properties":{"a":{"pattern":"^a","default":"b"}}}`:                                                       `properties.a.default: the value is "b": expected text that matches ^a`,
		`{"properties":{"a/b c~%":{"type":"integer","default":"x"}}}`:                                               `properties.a/b c~%.default: the value is "x"`,
		`{"properties":{"a":{"$ref":"#/$defs/n","default":"x"}},"$defs":{"n":{"type":"integer"}}}`:                  `properties.a.default: the value is "x"`,
		`{"$defs":{"unused":{"type":"integer","default":"x"}}}`:                                                     `$defs.unused.default: the value is "x"`,
		`{"properties":{"l":{"items":{"properties":{"a":{"type":"integer","default":"x"}}}}}}`:                      `properties.l.items.properties.a.default`,
		`{"properties":{"o":{"properties":{"a":{"type":"integer"}},"default":{"a":"x"}}}}`:                          `properties.o.default: "a" is "x": expected a whole number`,
		`{"properties":{"o":{"required":["a"],"properties":{"a":{"default":1}},"default":{}}}}`:                     `properties.o.default: missing required field "a"`,
		`{"anyOf":[{"properties":{"a":{"type":"integer","default":null}}}]}`:                                        `anyOf[0].properties.a.default: the value is empty (null)`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"type":"integer","default":"x"}}}`: `properties.a.default: the value is "x"`,
	} {
		if s, err := schema.Compile(json.RawMessage(text)); s != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestSecretsAreNotShown, by no kind of problem, nor by the words of the library.
func TestSecretsAreNotShown(t *testing.T) {
	for text, want := range map[string]string{
		`"type":"string","minLength":10,"examples":["sesame"]`:       `"s" is ***: expected at least 10 characters`,
		`"type":"string","pattern":"^a","examples":["sesame"]`:       `"s" is ***: expected text that matches ^a`,
		`"type":"string","not":{"minLength":1}`:                      `"s" is ***: that is not allowed`,
		`"type":"string","anyOf":[{"const":"a"},{"enum":["b","c"]}]`: `"s" is ***: expected "a"`,
		`"type":"string","allOf":[{"enum":["hunter"]}]`:              `s *** is not one of hunter`,
		`"type":"string","oneOf":[{"type":"null"},{"type":"array"}]`: `"s" is ***: expected nothing (null) or a list`,
		`"type":"string","format":"email"`:                           `"s" is ***: it does not fit its schema`,
	} {
		s, err := schema.Compile(json.RawMessage(`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"s":{"secret":true,` + text + `}}}`))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := s.Check(decode(t, `{"s":"hunter2"}`)); len(got) != 1 || got[0].Message != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	s, err := schema.Compile(json.RawMessage(`{"properties":{"s":{"type":"string","secret":true,"examples":["sesame"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		`{"s":4711}`:      `"s" is ***: expected a string`,
		`{"s":4711e4711}`: `*** is not a number within 1e400 and 400 digits`,
		`{"s":[4711]}`:    `"s" is ***: expected a string`,
	} {
		if got := s.Check(decode(t, value)); len(got) != 1 || got[0].Message != want {
			t.Errorf("%s: %v, want %s", value, got, want)
		}
	}
}

// TestFilledInFits: a config that fits a schema whose defaults do, fits with them
// too. The schemas here ask nothing of an object as a whole.
func TestFilledInFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(sound(3).Draw(t, "schema"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := schema.Compile(text)
		if err != nil {
			return // a default that does not fit
		}
		config := json.RawMessage(rapid.SampledFrom([]string{
			`{}`, `{"a":{}}`, `{"b":{"a":{}}}`, `{"a":[{},{"b":1}]}`, `{"a":1}`, `{"a":"x","b":[]}`, `{"c":{"c":{"c":{}}}}`,
		}).Draw(t, "config"))
		if s.Check(decoded(config)) != nil {
			return
		}
		filled, err := s.Notes().Fill(config)
		if err != nil {
			t.Fatal(err)
		}
		if problems := s.Check(decoded(filled)); problems != nil {
			t.Fatalf("%s became %s: %v\n%s", config, filled, problems, text)
		}
	})
}

func decoded(raw json.RawMessage) (v any) {
	_ = json.Unmarshal(raw, &v)
	return v
}

// sound is a schema of at most depth levels, each of one type.
func sound(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		forms := []map[string]any{
			{"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 1, "default": 2}, {"type": "string", "default": "y"},
		}
		if depth == 0 {
			return rapid.SampledFrom(forms).Draw(t, "plain")
		}
		inner := sound(depth - 1)
		s := map[string]any{}
		if rapid.Bool().Draw(t, "has default") {
			s["default"] = map[string]any{}
		}
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			s["type"], s["items"] = "array", inner.Draw(t, "items")
			if s["default"] != nil {
				s["default"] = []any{map[string]any{}}
			}
		case 1:
			s["type"], s["additionalProperties"] = "object", inner.Draw(t, "values")
		default:
			s["type"], s["properties"] = "object", rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), inner, 1, 3).Draw(t, "fields")
		}
		return s
	})
}
