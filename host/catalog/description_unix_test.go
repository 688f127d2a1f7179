//go:build unix

package catalog_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestAPluginThatLiesIsARow(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	one := func(fields string) string { return `{"name":"x","version":"1.2.3","kinds":[` + fields + `]}` }
	withSchema := func(schema string) string { return one(`{"name":"a","config_schema":` + schema + `}`) }
	var wide strings.Builder
	for i := range 50000 {
		fmt.Fprintf(&wide, `"a%d":{},`, i)
	}
	wide.WriteString(`"a":{}`)
	lies := map[string]struct{ description, want string }{
		"no-kinds":   {one(``), "offers no kinds"},
		"many":       {one(strings.Repeat(`{"name":"a"},`, 10000) + `{"name":"a"}`), "10001 kinds, more than 10000"},
		"no-name":    {one(`{"name":""}`), `name ""`},
		"bad-name":   {one(`{"name":"ok"},{"name":"A b"}`), `name "A b"`},
		"slash":      {one(`{"name":"builtin/exec"}`), `name "builtin/exec"`},
		"twice":      {one(`{"name":"a"},{"name":"b"},{"name":"a"}`), `"a" twice`},
		"no-schema":  {withSchema(`7`), `config schema of kind "a"`},
		"bad-type":   {withSchema(`{"type":"strange"}`), `config schema of kind "a"`},
		"list":       {withSchema(`[]`), `config schema of kind "a"`},
		"remote":     {withSchema(`{"$ref":"http://127.0.0.1:1/s.json"}`), "nothing outside the schema is loaded"},
		"file":       {withSchema(`{"$ref":"file:///etc/passwd"}`), "nothing outside the schema is loaded"},
		"dangling":   {withSchema(`{"$ref":"#/$defs/none"}`), `config schema of kind "a"`},
		"metaschema": {withSchema(`{"$schema":"http://127.0.0.1:1/meta"}`), `config schema of kind "a"`},
		"pattern":    {withSchema(`{"properties":{"a":{"pattern":"("}}}`), `config schema of kind "a"`},
		"number":     {withSchema(`{"minimum":1e999999999}`), `config schema of kind "a"`},
		"wide":       {withSchema(`{"properties":{` + wide.String() + `}}`), "more than 10000"},
		"default":    {withSchema(`{"properties":{"a":{"type":"integer","default":"x"}}}`), `the config schema of kind "a": bad schema: properties.a.default: the value is "x": expected a whole number`},
		"endless":    {withSchema(`{"properties":{"a":{"$ref":"#","default":{}}}}`), `config schema of kind "a": bad schema: the defaults of its schema have no end`},
		"secret":     {withSchema(`{"properties":{"a":{"type":"string","secret":true,"default":"x"}}}`), `config schema of kind "a": bad schema: properties.a: it gives a secret as default`},
		"deep":       {withSchema(strings.Repeat(`{"not":`, 5000) + `{}` + strings.Repeat(`}`, 5000)), `config schema of kind "a"`},
	}
	for name, lie := range lies {
		d.says(name, lie.description)
	}
	d.offers("good", "a")
	for range 2 { // the second is from the store
		c := d.load()
		for name, lie := range lies {
			wantBad(t, c, name, lie.want)
		}
		wantGood(t, c, "good", "a")
	}
	d.wantLaunched(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(lies)), "good")))...) // each once
}

func TestAPluginMayOfferMuch(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	many := wire.Description{Name: "many", Version: "1.2.3"}
	for i := range 5000 {
		many.Kinds = append(many.Kinds, wire.KindDescription{
			Name: fmt.Sprintf("kind-%04d", i), ConfigSchema: json.RawMessage(`{"maxProperties":1}`),
		})
	}
	properties := make(map[string]any)
	for i := range 1000 {
		properties[fmt.Sprintf("field-%05d", i)] = map[string]any{"type": "string", "description": strings.Repeat("long ", 100)}
	}
	schema, err := json.Marshal(map[string]any{"type": "object", "properties": properties})
	if err != nil {
		t.Fatal(err)
	}
	huge := wire.Description{Name: "huge", Version: "1.2.3", Kinds: []wire.KindDescription{{Name: "huge", ConfigSchema: schema}}}
	for _, description := range []wire.Description{many, huge} {
		raw, err := json.Marshal(description)
		if err != nil {
			t.Fatal(err)
		}
		d.says(description.Name, string(raw))
	}
	for _, launched := range [][]string{{"huge", "many"}, nil} {
		began := time.Now()
		c := d.load(catalog.WithStartTimeout(20 * time.Second))
		t.Logf("loaded in %v", time.Since(began))
		d.wantLaunched(launched...)
		wantGood(t, c, "huge", "huge")
		p := find(t, c, "many")
		if p.Err != nil || len(p.Kinds) != 5000 {
			t.Errorf("%d kinds: %v", len(p.Kinds), p.Err)
		}
		k, err := c.Lookup("kind-4999")
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Validate([]byte(`{"n":1,"m":2}`)); err == nil {
			t.Error("its schema is not checked")
		}
	}
}

func TestAKindWithoutASchemaTakesAnyObject(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.says("free", `{"name":"other","version":"any\u0007thing","kinds":[{"name":"a"}],"capabilities":["later"]}`)
	c := d.load()
	p := find(t, c, "free")
	if p.Err != nil || p.Version != "any\athing" || len(p.Kinds) != 1 || p.Kinds[0].Plugin != "free" {
		t.Fatalf("row: %+v", p)
	}
	if err := p.Kinds[0].Validate([]byte(`{"any":["thing"]}`)); err != nil {
		t.Error(err)
	}
	if err := p.Kinds[0].Validate([]byte(`[]`)); err == nil {
		t.Error("a list is taken")
	}
}
