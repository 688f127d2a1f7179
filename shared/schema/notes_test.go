package schema_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/shared/schema"
)

// secretsIn are the paths and values of a config's secrets, sorted.
func secretsIn(t testing.TB, n *schema.Notes, config string) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(config), &v); err != nil {
		t.Fatal(err)
	}
	var all []string
	for path, value := range n.Secrets(v) {
		all = append(all, fmt.Sprint(strings.Join(path, "."), "=", value))
	}
	slices.Sort(all)
	return all
}

// TestSecrets: where in a config the schema says that there is a secret.
func TestSecrets(t *testing.T) {
	const secret = `{"type":"string","secret":true}`
	for name, c := range map[string]struct{ schema, config, want string }{
		"a field":               {`{"properties":{"a":` + secret + `,"b":{}}}`, `{"a":"x","b":"y"}`, "a=x"},
		"not there":             {`{"properties":{"a":` + secret + `}}`, `{"b":"y"}`, ""},
		"none":                  {`{"properties":{"a":{"secret":false}}}`, `{"a":"x"}`, ""},
		"deep":                  {`{"properties":{"o":{"properties":{"a":` + secret + `}}}}`, `{"o":{"a":"x"}}`, "o.a=x"},
		"items":                 {`{"properties":{"l":{"items":` + secret + `}}}`, `{"l":["x","y"]}`, "l.0=x l.1=y"},
		"first items":           {`{"properties":{"l":{"prefixItems":[{},` + secret + `]}}}`, `{"l":["x","y","z"]}`, "l.1=y"},
		"what a list contains":  {`{"properties":{"l":{"contains":` + secret + `}}}`, `{"l":["x"]}`, "l.0=x"},
		"a map":                 {`{"properties":{"m":{"additionalProperties":` + secret + `}}}`, `{"m":{"k":"x"}}`, "m.k=x"},
		"all but the known":     {`{"properties":{"user":{}},"additionalProperties":` + secret + `}`, `{"user":"u","k":"x"}`, "k=x"},
		"by pattern":            {`{"patternProperties":{"_token$":` + secret + `}}`, `{"a_token":"x","b":"y"}`, "a_token=x"},
		"not evaluated":         {`{"unevaluatedProperties":` + secret + `}`, `{"k":"x"}`, "k=x"},
		"a reference":           {`{"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":` + secret + `}}`, `{"a":"x"}`, "a=x"},
		"a tree":                {`{"properties":{"a":` + secret + `,"next":{"$ref":"#"}}}`, `{"next":{"next":{"a":"x"}}}`, "next.next.a=x"},
		"in any form":           {`{"anyOf":[{"properties":{"a":{}}},{"properties":{"a":` + secret + `}}]}`, `{"a":"x"}`, "a=x"},
		"in one of the forms":   {`{"properties":{"a":{"oneOf":[{"type":"null"},` + secret + `]}}}`, `{"a":"x"}`, "a=x"},
		"in all":                {`{"allOf":[{"properties":{"a":` + secret + `}}]}`, `{"a":"x"}`, "a=x"},
		"behind a condition":    {`{"if":{"required":["b"]},"then":{"properties":{"a":` + secret + `}},"dependentSchemas":{"b":{"properties":{"c":` + secret + `}}}}`, `{"a":"x","c":"y"}`, "a=x c=y"},
		"of the wrong type":     {`{"properties":{"a":` + secret + `}}`, `{"a":{"b":5}}`, "a=map[b:5]"},
		"or null":               {`{"properties":{"a":{"type":["string","null"],"secret":true,"default":null}}}`, `{"a":null}`, "a=<nil>"},
		"a field called secret": {`{"properties":{"secret":{"properties":{"secret":{}}}}}`, `{"secret":{"secret":"x"}}`, ""},
		"in a default":          {`{"properties":{"a":{"default":{"type":"string","secret":true}}}}`, `{"a":"x"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(secretsIn(t, notes(t, c.schema), c.config), " "); got != c.want {
				t.Errorf("the secrets are %q, want %q", got, c.want)
			}
		})
	}
}

// TestSecretsOfAWideChoice: each form leads to each, at each level.
func TestSecretsOfAWideChoice(t *testing.T) {
	form := `{"properties":{"a":{"$ref":"#"},"s":{"type":"string","secret":true}}}`
	n := notes(t, `{"anyOf":[`+strings.Repeat(form+",", 50)+form+`]}`)
	config := strings.Repeat(`{"s":"x","a":`, 100) + `{}` + strings.Repeat(`}`, 100)
	if got := secretsIn(t, n, config); len(got) != 100 {
		t.Errorf("%d secrets, want 100", len(got))
	}
}

// TestSecretsThatCannotBeKept: a schema is refused if it gives a secret away, or
// leaves in doubt what is one.
func TestSecretsThatCannotBeKept(t *testing.T) {
	const secret = `"s":{"type":"string","secret":true}`
	for text, want := range map[string]string{
		`{"properties":{"a":{"type":"string","secret":"yes"}}}`:                                             `properties.a: "secret" is true or false`,
		`{"properties":{"a":{"type":"integer","secret":true}}}`:                                             `properties.a: "secret" is for "type": "string"`,
		`{"properties":{"a":{"type":["string","integer"],"secret":true}}}`:                                  `"secret" is for "type": "string"`,
		`{"properties":{"a":{"secret":true}}}`:                                                              `"secret" is for "type": "string"`,
		`{"type":"object","secret":true}`:                                                                   `"secret" is for "type": "string"`,
		`{"properties":{"a":{"type":"string","secret":true,"default":"x"}}}`:                                `properties.a: it gives a secret as default, const or enum`,
		`{"properties":{"a":{"type":"string","secret":true,"const":"x"}}}`:                                  `it gives a secret`,
		`{"properties":{"a":{"type":"string","secret":true,"enum":["x"]}}}`:                                 `it gives a secret`,
		`{"properties":{"a":{"$ref":"#/$defs/s","default":"x"}},"$defs":{` + secret + `}}`:                  `properties.a: it gives a secret`,
		`{"properties":{"o":{"default":{"s":"x"},"properties":{` + secret + `}}}}`:                          `properties.o: it gives a secret`,
		`{"properties":{"a":{"$ref":"#s"}},"$defs":{` + secret + `}}`:                                       `properties.a: beside secrets a reference is to a place in the schema, such as #/$defs/name, and not "#s"`,
		`{"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{` + secret + `}}`:                                `and not "#/$defs/t"`,
		`{"properties":{"a":{"$dynamicRef":"#s"}},"$defs":{` + secret + `}}`:                                `properties.a: beside secrets a reference is a $ref`,
		`{"properties":{"a":{"$id":"other","properties":{"b":{"$ref":"#"}}}},"$defs":{` + secret + `}}`:     `properties.a: beside secrets only the schema itself has an $id`,
		`{"properties":{"a":{"items":[{"type":"string","secret":true},{"type":"integer","secret":true}]}}}`: `properties.a.items.1: "secret" is for`,
		`{"anyOf":[true,{"not":{"type":"string","secret":true}}]}`:                                          `anyOf.1.not: "secret" is for a value`,
		`{"propertyNames":{"type":"string","secret":true}}`:                                                 `propertyNames: "secret" is for a value`,
		`{"allOf":[{"type":"string","secret":true}],"default":"x"}`:                                         `it gives a secret`,
		`[`: `schema is not JSON`,
	} {
		if _, err := schema.ReadNotes(json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// leaky has a schema that gives its secret away.
type leaky string

func (leaky) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Default: "x", Extras: map[string]any{"secret": true}}
}

func TestTypeThatGivesASecretAway(t *testing.T) {
	raw, err := schema.Of(reflect.TypeFor[struct{ F leaky }]())
	if raw != nil || err == nil || !strings.Contains(err.Error(), "properties.F: it gives a secret") {
		t.Errorf("Of = %s, %v", raw, err)
	}
}

// FuzzNotes: no schema and no config, however odd, brings down what reads them.
func FuzzNotes(f *testing.F) {
	f.Add(`{"$ref":"#/$defs/~1","$defs":{"/":{"allOf":[{"$ref":"#"}],"items":[{"default":1}]}}}`, `{"a":[{}]}`)
	f.Add(`{"properties":{"a":{"type":"string","secret":true}},"patternProperties":{"(":{}},"items":5}`, `{"a":"x"}`)
	f.Fuzz(func(t *testing.T, text, config string) {
		n, err := schema.ReadNotes(json.RawMessage(text))
		if err != nil {
			return
		}
		for range n.Defaults() {
		}
		filled, err := n.Fill(json.RawMessage(config))
		var v any
		if err != nil || json.Unmarshal(filled, &v) != nil {
			return
		}
		for range n.Secrets(v) {
		}
	})
}
