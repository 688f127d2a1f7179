package schema_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/shared/schema"
)

type (
	inner struct {
		A int    `json:"a"`
		B string `json:"b,omitempty"`
	}
	level string
	// says has a schema of its own.
	says string
	// points has one too, with a pointer receiver.
	points struct{ Hidden chan int }
)

func (says) JSONSchema() *jsonschema.Schema    { return &jsonschema.Schema{Type: "string", Pattern: "^s"} }
func (*points) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "boolean"} }

// TestFields: each type of field, and each tag.
func TestFields(t *testing.T) {
	const object = `"additionalProperties":false,"type":"object"`
	for name, c := range map[string]struct {
		config any
		want   string // the schema of field f
	}{
		"string":        {struct{ F string }{}, `{"type":"string"}`},
		"named string":  {struct{ F level }{}, `{"type":"string"}`},
		"bool":          {struct{ F bool }{}, `{"type":"boolean"}`},
		"int":           {struct{ F int64 }{}, `{"type":"integer"}`},
		"unsigned":      {struct{ F uint8 }{}, `{"type":"integer"}`},
		"float":         {struct{ F float32 }{}, `{"type":"number"}`},
		"a JSON number": {struct{ F json.Number }{}, `{"type":"number"}`},
		"number as text": {struct {
			F int `json:",string"`
		}{}, `{"type":"string"}`},
		"duration":        {struct{ F time.Duration }{}, `{"type":"integer"}`},
		"time":            {struct{ F time.Time }{}, `{"type":"string","format":"date-time"}`},
		"any JSON":        {struct{ F json.RawMessage }{}, `true`},
		"any":             {struct{ F any }{}, `true`},
		"bytes":           {struct{ F []byte }{}, `{"type":"string","contentEncoding":"base64"}`},
		"list":            {struct{ F []string }{}, `{"items":{"type":"string"},"type":"array"}`},
		"array":           {struct{ F [2]bool }{}, `{"items":{"type":"boolean"},"type":"array","maxItems":2,"minItems":2}`},
		"list of structs": {struct{ F []inner }{}, `{"items":{"properties":{"a":{"type":"integer"},"b":{"type":"string"}},` + object + `,"required":["a"]},"type":"array"}`},
		"struct":          {struct{ F inner }{}, `{"properties":{"a":{"type":"integer"},"b":{"type":"string"}},` + object + `,"required":["a"]}`},
		"empty struct":    {struct{ F struct{} }{}, `{"properties":{},` + object + `}`},
		"pointer":         {struct{ F **inner }{}, `{"properties":{"a":{"type":"integer"},"b":{"type":"string"}},` + object + `,"required":["a"]}`},
		"map":             {struct{ F map[string]int }{}, `{"additionalProperties":{"type":"integer"},"type":"object"}`},
		"map of maps":     {struct{ F map[level]map[string]any }{}, `{"additionalProperties":{"type":"object"},"type":"object"}`},
		"map by number":   {struct{ F map[int]bool }{}, `{"patternProperties":{"^[0-9]+$":{"type":"boolean"}},"additionalProperties":false,"type":"object"}`},
		"map by text":     {struct{ F map[netip.Addr]bool }{}, `{"additionalProperties":{"type":"boolean"},"type":"object"}`},
		"from text":       {struct{ F netip.Addr }{}, `{"type":"string"}`},
		"from JSON":       {struct{ F *big.Int }{}, `true`},
		"a log level":     {struct{ F slog.Level }{}, `true`},
		"its own schema":  {struct{ F []says }{}, `{"items":{"type":"string","pattern":"^s"},"type":"array"}`},
		"by pointer":      {struct{ F points }{}, `{"type":"boolean"}`},
		"enum": {struct {
			F string `json:",omitempty" jsonschema:"enum=fast,enum=slow,default=fast,description=how to go"`
		}{}, `{"type":"string","enum":["fast","slow"],"description":"how to go","default":"fast"}`},
		"number with bounds": {struct {
			F int `json:",omitempty" jsonschema:"minimum=1,maximum=9,default=3,example=5"`
		}{}, `{"type":"integer","maximum":9,"minimum":1,"default":3,"examples":[5]}`},
		"bool with default": {struct {
			F bool `json:",omitempty" jsonschema:"default=true"`
		}{}, `{"type":"boolean","default":true}`},
		"text with comma": {struct {
			F string `jsonschema_description:"this, that; and \"more\""`
		}{}, `{"type":"string","description":"this, that; and \"more\""}`},
		"list with bounds": {struct {
			F []string `jsonschema:"minItems=1,uniqueItems=true,enum=a,enum=b"`
		}{}, `{"items":{"type":"string","enum":["a","b"]},"type":"array","minItems":1,"uniqueItems":true}`},
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
			if got := string(s.Properties["F"]); got != c.want {
				t.Errorf("the schema is\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// TestNamesAndPresence: what a config's object may and must have.
func TestNamesAndPresence(t *testing.T) {
	type embedded struct {
		Deep string `json:"deep"`
	}
	type config struct {
		embedded
		Plain   int
		Named   int           `json:"named"`
		Empty   int           `json:"empty,omitempty"`
		Zero    time.Duration `json:"zero,omitzero"`
		Renamed int           `json:",omitempty"`
		Skipped chan int      `json:"-"`
		_       func()
	}
	raw, err := schema.Of(reflect.TypeFor[config]())
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Schema               string `json:"$schema"`
		Type                 string
		Properties           map[string]any
		Required             []string
		AdditionalProperties any
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != "https://json-schema.org/draft/2020-12/schema" || s.Type != "object" || s.AdditionalProperties != false {
		t.Errorf("the schema is %s", raw)
	}
	if got := fmt.Sprint(s.Required); got != "[deep Plain named]" {
		t.Errorf("required are %s", got)
	}
	for _, name := range []string{"deep", "Plain", "named", "empty", "zero", "Renamed"} {
		delete(s.Properties, name)
	}
	if len(s.Properties) > 0 {
		t.Errorf("it has more properties: %v", s.Properties)
	}
}

func TestSameEachTime(t *testing.T) {
	type config struct {
		A, B, C, D, E map[string]inner
	}
	first, _ := schema.Of(reflect.TypeFor[config]())
	for range 20 {
		if again, _ := schema.Of(reflect.TypeFor[config]()); string(again) != string(first) {
			t.Fatalf("the schema is\n%s and then\n%s", first, again)
		}
	}
}

// Types that contain themselves, in every way.
type (
	tree    struct{ Children []tree }
	list    struct{ Next *list }
	graph   struct{ Edges map[string]graph }
	ping    struct{ Pong pong }
	pong    struct{ Ping *ping }
	embeds  struct{ *embeds }
	nests   []nests
	maps    map[string]maps
	pointer *pointer
	left    struct {
		Next *left `json:"-"`
	}
	// free contains itself, and says how.
	free struct{ Inner []free }
)

func (free) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		config any
		want   string
	}{
		"channel":   {struct{ F chan int }{}, "field F: JSON does not decode into a chan int"},
		"function":  {struct{ F func() }{}, "field F: JSON does not decode into a func()"},
		"complex":   {struct{ F complex64 }{}, "field F: JSON does not decode into a complex64"},
		"unsafe":    {struct{ F unsafe.Pointer }{}, "field F: JSON does not decode into a unsafe.Pointer"},
		"uintptr":   {struct{ F uintptr }{}, "field F: JSON does not decode into a uintptr"},
		"interface": {struct{ F fmt.Stringer }{}, "field F: JSON does not decode into the interface fmt.Stringer"},
		"deep": {struct {
			F map[string][]*struct{ G [2]chan int }
		}{}, "field F: field G: JSON does not decode into a chan int"},
		"keys":              {struct{ F map[bool]int }{}, "field F: JSON does not decode into a map with bool as keys"},
		"struct keys":       {struct{ F map[inner]int }{}, "field F: JSON does not decode into a map with schema_test.inner as keys"},
		"itself in a list":  {tree{}, "field Children: schema_test.tree contains itself: make the inner one a json.RawMessage"},
		"itself by pointer": {list{}, "schema_test.list contains itself"},
		"itself in a map":   {graph{}, "schema_test.graph contains itself"},
		"itself over two":   {ping{}, "field Pong: field Ping: schema_test.ping contains itself"},
		"itself embedded":   {embeds{}, "schema_test.embeds contains itself"},
		"a list of itself":  {struct{ F nests }{}, "schema_test.nests contains itself"},
		"a map of itself":   {struct{ F maps }{}, "schema_test.maps contains itself"},
		"a pointer to it":   {struct{ F pointer }{}, "schema_test.pointer contains itself"},
		"deep in a config":  {struct{ F []struct{ G *tree } }{}, "field F: field G: field Children: schema_test.tree contains itself"},
		"a schema's panic":  {struct{ F panics }{}, "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := schema.Of(reflect.TypeOf(c.config))
			if raw != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "no JSON Schema for ") {
				t.Errorf("Of = %s, %v, want %q in it", raw, err, c.want)
			}
		})
	}
	if _, err := schema.Of(nil); err == nil || !strings.Contains(err.Error(), "there is no type") {
		t.Errorf("Of(nil): %v", err)
	}
}

type panics struct{}

func (panics) JSONSchema() *jsonschema.Schema { panic("boom") }

// TestSameTypeTwiceIsFine: only a type within itself has no end.
func TestSameTypeTwiceIsFine(t *testing.T) {
	type config struct {
		A, B inner
		C    []inner
		D    map[string]struct{ E *inner }
		F    left
		G    free
	}
	if _, err := schema.Of(reflect.TypeFor[config]()); err != nil {
		t.Error(err)
	}
}
