package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/shared/schema"
)

// port decodes itself, and says what it is.
type port uint16

func (p *port) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*uint16)(p)) }
func (port) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Description: "a TCP port"}
}

// shared returns the same schema each time.
type shared string

var sharedSchema = &jsonschema.Schema{Type: "string", Extras: map[string]any{"x-unit": "s"}}

func (shared) JSONSchema() *jsonschema.Schema { return sharedSchema }

// ragged is a list of which its schema does not say of what.
type ragged []string

func (ragged) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "array"} }

// retry has defaults and nothing that must be given.
type retry struct {
	Max  int    `json:"max,omitempty"  jsonschema:"default=3"`
	Wait string `json:"wait,omitempty"`
}

type outer struct {
	Retry retry `json:"retry,omitzero"`
}

type strict struct {
	Max int `json:"max,omitempty" jsonschema:"default=3"`
	Who int `json:"who"`
}

// TestTags: what the tags of a field say is in its schema.
func TestTags(t *testing.T) {
	const filled = `"properties":{"max":{"type":"integer","default":3},"wait":{"type":"string"}},"additionalProperties":false,"type":"object"`
	for name, c := range map[string]struct {
		config any
		want   string // the schema of field f
	}{
		"bounds": {struct {
			F int `json:"f" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=10,multipleOf=2"`
		}{}, `{"type":"integer","multipleOf":2,"exclusiveMaximum":10,"exclusiveMinimum":0}`},
		"bounds of a float": {struct {
			F float64 `json:"f,omitempty" jsonschema:"minimum=-0.5,maximum=1e3,default=0.25"`
		}{}, `{"type":"number","maximum":1e3,"minimum":-0.5,"default":0.25}`},
		"a default of more digits than a float has": {struct {
			F uint64 `json:"f,omitempty" jsonschema:"default=9007199254740993"`
		}{}, `{"type":"integer","default":9007199254740993}`},
		"enum of numbers": {struct {
			F int `json:"f,omitempty" jsonschema:"enum=1,enum=2,default=2"`
		}{}, `{"type":"integer","enum":[1,2],"default":2}`},
		"pattern with comma, equals sign and backslash": {struct {
			F string `json:"f" jsonschema:"pattern=^a{1\\,2}=\\d$,example=aa=1"`
		}{}, `{"type":"string","pattern":"^a{1,2}=\\d$","examples":["aa=1"]}`},
		"pattern with an equals sign, of a list": {struct {
			F []string `json:"f" jsonschema:"pattern=^a=b$"`
		}{}, `{"items":{"type":"string","pattern":"^a=b$"},"type":"array"}`},
		"examples": {struct {
			F string `json:"f" jsonschema:"example=a,example=b"`
		}{}, `{"type":"string","examples":["a","b"]}`},
		"a text of spaces and commas": {struct {
			F string `json:"f" jsonschema:"description=one\\, two,title=T"`
		}{}, `{"type":"string","title":"T","description":"one, two"}`},
		"default of a list of texts": {struct {
			F []string `json:"f,omitempty" jsonschema:"default=a,default=b=c"`
		}{}, `{"items":{"type":"string"},"type":"array","default":["a","b=c"]}`},
		"default of a list of numbers": {struct {
			F []int `json:"f,omitempty" jsonschema:"default=1,default=2,minimum=1"`
		}{}, `{"items":{"type":"integer","minimum":1},"type":"array","default":[1,2]}`},
		"default of a list of bools": {struct {
			F []bool `json:"f,omitempty" jsonschema:"default=true"`
		}{}, `{"items":{"type":"boolean"},"type":"array","default":[true]}`},
		"default of a pointer": {struct {
			F *int `json:"f,omitempty" jsonschema:"default=0"`
		}{}, `{"type":"integer","default":0}`},
		"default of what may be null": {struct {
			F *string `json:"f,omitempty" jsonschema:"nullable,default=a,description=d"`
		}{}, `{"oneOf":[{"type":"string"},{"type":"null"}],"description":"d","default":"a"}`},
		"default of a number as text": {struct {
			F int `json:"f,omitempty,string" jsonschema:"default=5"`
		}{}, `{"type":"string","default":"5"}`},
		"default of a duration": {struct {
			F time.Duration `json:"f,omitempty" jsonschema:"default=1000"`
		}{}, `{"type":"integer","default":1000}`},
		"default of a type of its own": {struct {
			F port `json:"f,omitempty" jsonschema:"default=80"`
		}{}, `{"type":"integer","description":"a TCP port","default":80}`},
		"a required pointer": {struct {
			F *int `json:"f"`
		}{}, `{"type":"integer"}`},
		"a list of anything": {struct {
			F ragged `json:"f" jsonschema:"minItems=1"`
		}{}, `{"items":true,"type":"array","minItems":1}`},
		"a struct with defaults in it is there, with them": {struct {
			F retry `json:"f,omitzero"`
		}{}, `{` + filled + `,"default":{}}`},
		"also in another": {struct {
			F outer `json:"f,omitzero"`
		}{}, `{"properties":{"retry":{` + filled + `,"default":{}}},"additionalProperties":false,"type":"object","default":{}}`},
		"but not one that must be given": {struct {
			F retry `json:"f"`
		}{}, `{` + filled + `}`},
		"nor one to which it points": {struct {
			F *retry `json:"f,omitempty"`
		}{}, `{` + filled + `}`},
		"nor one in which something must be given": {struct {
			F strict `json:"f,omitzero"`
		}{}, `{"properties":{"max":{"type":"integer","default":3},"who":{"type":"integer"}},"additionalProperties":false,"type":"object","required":["who"]}`},
		"default in the items of a list": {struct {
			F []retry `json:"f,omitempty"`
		}{}, `{"items":{` + filled + `},"type":"array"}`},
		"default in the values of a map": {struct {
			F map[string]*retry `json:"f,omitempty"`
		}{}, `{"additionalProperties":{` + filled + `},"type":"object"}`},
		"secret": {struct {
			F string `json:"f" jsonschema:"minLength=8" jsonschema_extras:"secret=true"`
		}{}, `{"type":"string","minLength":8,"secret":true}`},
		"no secret": {struct {
			F string `json:"f,omitempty" jsonschema:"default=a" jsonschema_extras:"secret=false"`
		}{}, `{"type":"string","default":"a","secret":false}`},
		"secret or null": {struct {
			F *string `json:"f" jsonschema:"nullable" jsonschema_extras:"secret=true"`
		}{}, `{"oneOf":[{"type":"string","secret":true},{"type":"null"}]}`},
		"list of secrets": {struct {
			F []string `json:"f" jsonschema_extras:"secret=true"`
		}{}, `{"items":{"type":"string","secret":true},"type":"array"}`},
		"map of secrets": {struct {
			F map[string]string `json:"f" jsonschema_extras:"secret=true"`
		}{}, `{"additionalProperties":{"type":"string","secret":true},"type":"object"}`},
		"keywords of others": {struct {
			F string `json:"f" jsonschema_extras:"x-order=1,x-flag=true"`
		}{}, `{"type":"string","x-flag":true,"x-order":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := schema.Of(reflect.TypeOf(c.config))
			if err != nil {
				t.Fatal(err)
			}
			var s struct{ Properties map[string]json.RawMessage }
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			if got := string(s.Properties["f"]); got != c.want {
				t.Errorf("the schema is\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// TestTagsOfOneFieldDoNotChangeAnother, although their type returns the same schema.
func TestTagsOfOneFieldDoNotChangeAnother(t *testing.T) {
	raw, err := schema.Of(reflect.TypeFor[struct {
		A shared `json:"a,omitempty" jsonschema:"default=x"          jsonschema_extras:"x-a=1"`
		B shared `json:"b"           jsonschema:"pattern=^y,title=B"`
	}]())
	want := `"a":{"type":"string","default":"x","x-a":"1","x-unit":"s"},"b":{"type":"string","pattern":"^y","title":"B","x-unit":"s"}`
	if err != nil || !strings.Contains(string(raw), want) {
		t.Errorf("the schema is\n%s, %v; want in it\n%s", raw, err, want)
	}
}

type (
	plain  struct{ Port int }
	hidden string
)

// tagged is a struct with a string field, F, G and so on, for each tag: vet does not
// let a bad one stand in the source.
func tagged(tags ...string) reflect.Type {
	var fields []reflect.StructField
	for i, tag := range tags {
		fields = append(fields, reflect.StructField{
			Name: string(rune('F' + i)), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(tag),
		})
	}
	return reflect.StructOf(fields)
}

// TestBadTags: what the library would drop, or read as something else, is an error
// that names the field and the tag.
func TestBadTags(t *testing.T) {
	for name, c := range map[string]struct {
		config any // or its type
		want   string
	}{
		"misspelt": {struct {
			F int `jsonschema:"minimun=1"`
		}{}, `field F: jsonschema tag "minimun=1": "minimun" is no keyword for the type integer (known: title, `},
		"of another type": {struct {
			F int `jsonschema:"minLength=1"`
		}{}, `"minLength" is no keyword for the type integer`},
		"of a text": {struct {
			F string `jsonschema:"minimum=1"`
		}{}, `"minimum" is no keyword for the type string`},
		"of a number as text": {struct {
			F int `json:",string" jsonschema:"minimum=1"`
		}{}, `"minimum" is no keyword for the type string`},
		"enum of bools": {struct {
			F bool `jsonschema:"enum=true"`
		}{}, `"enum" is no keyword for the type boolean`},
		"of an object": {struct {
			F map[string]int `json:",omitempty" jsonschema:"default={}"`
		}{}, `"default" is no keyword for the type object`},
		"of anything": {struct {
			F any `json:",omitempty" jsonschema:"default=1"`
		}{}, `jsonschema tag "default=1": the field's type is not known`},
		"of a list of lists": {struct {
			F [][]int `jsonschema:"minimum=1"`
		}{}, `"minimum" is no keyword for the type array`},
		"pattern of a list of numbers": {struct {
			F []int `jsonschema:"pattern=^a"`
		}{}, `"pattern" is no keyword for the type integer`},
		"no number": {struct {
			F int `jsonschema:"minimum=abc"`
		}{}, `field F: jsonschema tag "minimum=abc": expected a number`},
		"a number as Go writes it": {struct {
			F int `jsonschema:"maximum=0x10"`
		}{}, `expected a number as in JSON`},
		"a number with a sign": {struct {
			F int `jsonschema:"maximum=+5"`
		}{}, `expected a number as in JSON`},
		"not a number": {struct {
			F float64 `jsonschema:"maximum=NaN"`
		}{}, `expected a number as in JSON`},
		"no count": {struct {
			F string `jsonschema:"minLength=-1"`
		}{}, `expected a whole number of at least 0`},
		"no bool": {struct {
			F []int `jsonschema:"uniqueItems=false"`
		}{}, `expected true`},
		"no type": {struct {
			F any `jsonschema:"oneof_type=string;int"`
		}{}, `"int" is not one of the types string, integer,`},
		"no pattern": {struct {
			F string `jsonschema:"pattern=("`
		}{}, `field F: jsonschema tag "pattern=(": error parsing regexp`},
		"twice": {struct {
			F int `jsonschema:"minimum=1,minimum=2"`
		}{}, `jsonschema tag "minimum=2": minimum stands there twice`},
		"a comma in a text": {struct {
			F string `jsonschema:"description=one, two"`
		}{}, `jsonschema tag " two": expected NAME=VALUE, required or nullable; a comma in a text is written \\,`},
		"a comma in a text that reads as a flag": {struct {
			F string `json:",omitempty" jsonschema:"description=either optional or\\,required"`
		}{}, `reads as the flag "required"`},
		"a reference": {struct {
			F string `jsonschema:"oneof_ref=#/$defs/x"`
		}{}, `"oneof_ref" is no keyword`},
		"a bad escape":                      {tagged(`json:"f" jsonschema:"pattern=^\d$"`), `field F: the tag jsonschema:"pattern=^\d$" is no Go string: write a backslash in it twice`},
		"no tag":                            {tagged(`json:"f", jsonschema:"required"`), `field F: the tag ", jsonschema:\"required\"" is not of the form KEY:"VALUE"`},
		"a json option that does not exist": {tagged(`json:"f,omitemtpy"`), `field F: json tag "f,omitemtpy": encoding/json has no option "omitemtpy"`},
		"a json option of others": {struct {
			F plain `json:",inline"`
		}{}, `encoding/json has no option "inline"`},
		"a name that reads as none": {tagged(`json:"-,"`), `a field cannot be called "-"`},
		"default of a required field": {struct {
			F int `json:"f" jsonschema:"default=1"`
		}{}, `field F: jsonschema tag "default=1": it is never used, because the field is required: add omitempty`},
		"default of a field that the tag requires": {struct {
			F int `json:"f,omitempty" jsonschema:"required,default=1"`
		}{}, `it is never used, because the field is required`},
		"default of another type": {struct {
			F int `json:"f,omitempty" jsonschema:"default=abc"`
		}{}, `field F: jsonschema tag "default=abc": expected a number`},
		"default that is not whole": {struct {
			F int `json:"f,omitempty" jsonschema:"default=1.5"`
		}{}, `expected a whole number`},
		"default that is not true or false": {struct {
			F bool `json:"f,omitempty" jsonschema:"default=yes"`
		}{}, `expected true or false`},
		"default that the Go type does not hold": {struct {
			F uint8 `json:"f,omitempty" jsonschema:"default=300"`
		}{}, `field F: jsonschema tag "default=300": json: cannot unmarshal number 300 into Go struct field`},
		"default that a type of its own refuses": {struct {
			F port `json:"f,omitempty" jsonschema:"default=70000"`
		}{}, `jsonschema tag "default=70000": json: cannot unmarshal`},
		"default in a list": {struct {
			F []int `json:"f,omitempty" jsonschema:"default=1,default=x"`
		}{}, `jsonschema tag "default=x": expected a number`},
		"default out of bounds": {struct {
			F int `json:"f,omitempty" jsonschema:"default=10,maximum=9"`
		}{}, `jsonschema tag "default=10": it is beyond maximum 9`},
		"default at an exclusive bound": {struct {
			F float64 `json:"f,omitempty" jsonschema:"default=0.0,exclusiveMinimum=0"`
		}{}, `jsonschema tag "default=0.0": it is beyond exclusiveMinimum 0`},
		"default of no choice": {struct {
			F string `json:"f,omitempty" jsonschema:"default=c,enum=a,enum=b"`
		}{}, `jsonschema tag "default=c": it is not in the enum [a b]`},
		"default that does not match": {struct {
			F string `json:"f,omitempty" jsonschema:"default=c,pattern=^a"`
		}{}, `it does not match the pattern ^a`},
		"default that is too short": {struct {
			F string `json:"f,omitempty" jsonschema:"default=é,minLength=2"`
		}{}, `it is shorter than minLength 2`},
		"default that is too long": {struct {
			F string `json:"f,omitempty" jsonschema:"default=abc,maxLength=2"`
		}{}, `it is longer than maxLength 2`},
		"enum of another type": {struct {
			F int `json:"f" jsonschema:"enum=1,enum=b"`
		}{}, `jsonschema tag "enum=b": expected a number`},
		"example of another type": {struct {
			F int `json:"f" jsonschema:"example=b"`
		}{}, `jsonschema tag "example=b": expected a number`},
		"in an embedded struct": {struct{ embeddedBad }{}, `field embeddedBad: field Port: jsonschema tag "minimum=x"`},
		"deep": {struct {
			F map[string][]*embeddedBad `json:"f"`
		}{}, `field F: field Port: jsonschema tag "minimum=x"`},
		"two fields of a name": {tagged(`json:"port"`, `json:"port"`), `field G: another field is called "port" in JSON too`},
		"a field that hides an embedded one": {struct {
			Port int
			plain
		}{}, `field plain: field Port: another field is called "Port" in JSON too`},
		"embedded, and not there for JSON":           {struct{ hidden }{}, `field hidden: JSON does not see what is embedded and not exported`},
		"embedded by a pointer that JSON cannot set": {struct{ *plain }{}, `field plain: JSON does not see what is embedded and not exported`},
		"secret in the wrong tag": {struct {
			F string `jsonschema:"secret=true"`
		}{}, `jsonschema tag "secret=true": a secret is marked by the tag jsonschema_extras:"secret=true"`},
		"secret as a flag": {struct {
			F string `jsonschema:"secret"`
		}{}, `a secret is marked by the tag jsonschema_extras:"secret=true"`},
		"secret, perhaps": {struct {
			F string `jsonschema_extras:"secret=yes"`
		}{}, `field F: jsonschema_extras tag "secret=yes": expected secret=true`},
		"secret without a value": {struct {
			F string `jsonschema_extras:"secret"`
		}{}, `jsonschema_extras tag "secret": expected secret=true`},
		"a tag secret": {struct {
			F string `secret:"true"`
		}{}, `field F: tag secret:"true" says nothing: a secret is marked by the tag jsonschema_extras:"secret=true"`},
		"a secret number": {struct {
			F int `jsonschema_extras:"secret=true"`
		}{}, `jsonschema_extras tag "secret=true": a secret is a string, or a list or map of them`},
		"a secret struct": {struct {
			F plain `jsonschema_extras:"secret=true"`
		}{}, `a secret is a string, or a list or map of them`},
		"a secret with a default": {struct {
			F string `json:"f,omitempty" jsonschema:"default=a" jsonschema_extras:"secret=true"`
		}{}, `a secret has no default`},
		"secrets with a default": {struct {
			F []string `json:"f,omitempty" jsonschema:"default=a" jsonschema_extras:"secret=true"`
		}{}, `a secret has no default`},
		"a secret that may be null, with a default": {struct {
			F *string `json:"f,omitempty" jsonschema:"nullable,default=a" jsonschema_extras:"secret=true"`
		}{}, `a secret has no default`},
		"a secret of a choice": {struct {
			F string `json:"f" jsonschema:"enum=a" jsonschema_extras:"secret=true"`
		}{}, `a secret has no default and no enum`},
		"a keyword of JSON Schema among the others": {struct {
			F string `jsonschema_extras:"default=a"`
		}{}, `jsonschema_extras tag "default=a": it is a keyword of JSON Schema: write it in the jsonschema tag`},
	} {
		t.Run(name, func(t *testing.T) {
			of, isType := c.config.(reflect.Type)
			if !isType {
				of = reflect.TypeOf(c.config)
			}
			raw, err := schema.Of(of)
			if raw != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Of = %s\n%v, want one line with\n%s", raw, err, c.want)
			}
		})
	}
}

type embeddedBad struct {
	Port int `jsonschema:"minimum=x"`
}

// TestTheConfigThatNewKindShows: the example in the documentation of task.NewKind.
func TestTheConfigThatNewKindShows(t *testing.T) {
	type Config struct {
		Root  string   `json:"root"            jsonschema:"minLength=1,description=the directory to hash"`
		Port  int      `json:"port,omitempty"  jsonschema:"minimum=1,maximum=65535,default=8080,example=80"`
		Level string   `json:"level,omitempty" jsonschema:"enum=low,enum=high,default=low"`
		Name  string   `json:"name,omitempty"  jsonschema:"pattern=^\\w{1\\,8}$"`
		Tags  []string `json:"tags,omitempty"  jsonschema:"maxItems=3,default=a,default=b,maxLength=9"`
		Token string   `json:"token"           jsonschema_extras:"secret=true"`
	}
	raw, err := schema.Of(reflect.TypeFor[Config]())
	want := `"properties":{"root":{"type":"string","minLength":1,"description":"the directory to hash"},` +
		`"port":{"type":"integer","maximum":65535,"minimum":1,"default":8080,"examples":[80]},` +
		`"level":{"type":"string","enum":["low","high"],"default":"low"},` +
		`"name":{"type":"string","pattern":"^\\w{1,8}$"},` +
		`"tags":{"items":{"type":"string","maxLength":9},"type":"array","maxItems":3,"default":["a","b"]},` +
		`"token":{"type":"string","secret":true}},"additionalProperties":false,"type":"object","required":["root","token"]`
	if err != nil || !strings.Contains(string(raw), want) {
		t.Errorf("the schema is\n%s, %v, want in it\n%s", raw, err, want)
	}
}
