package conformance

import (
	"encoding/json"
	"fmt"
	"slices"

	derive "github.com/hostelry-run/hostelry/shared/schema"
)

// config is a config to run a kind with.
type config struct {
	text    json.RawMessage
	given   bool   // by the options
	from    string // what it was made of
	missing string // why there is none, or ""
}

// config is that of the kind.
func (t *trial) config() *config {
	if t.kind.config == nil {
		t.kind.config = t.makeConfig()
	}
	return t.kind.config
}

// makeConfig fills in the schema's defaults, as a host does.
func (t *trial) makeConfig() *config {
	c := t.chooseConfig()
	if c.missing != "" || len(t.kind.schema) == 0 {
		return c
	}
	notes, err := derive.ReadNotes(t.kind.schema)
	if err != nil {
		return c // a bad schema is another check's to tell
	}
	if filled, err := notes.Fill(c.text); err == nil {
		c.text = filled
	}
	return c
}

func (t *trial) chooseConfig() *config {
	if t.options.Config != nil {
		t.hide(t.kind.schema, t.options.Config)
		return &config{text: t.options.Config, given: true}
	}
	c := &config{text: json.RawMessage(`{}`), from: "which the schema allows"}
	if len(t.kind.schema) > 0 {
		var missing string
		if c.text, missing = example(t.kind.schema); missing != "" {
			c.missing = fmt.Sprintf("its config needs %s, for which the schema has no example: give a config", missing)
			return c
		}
		if string(c.text) != "{}" {
			c.from = "made of the schema's examples and defaults"
		}
	}
	if err := t.subject.CheckSchema(t.kind.schema, c.text); err != nil {
		c.missing = fmt.Sprintf("the config %s, %s, does not fit: give a config", c.text, c.from)
	}
	return c
}

// hide keeps the secrets of a config that was given out of what the checks tell.
func (s *Suite) hide(schema, config json.RawMessage) {
	file, ok := s.subject.(File)
	if !ok {
		return // a test's own process knows them anyway
	}
	if s.mask = file.Hide(schema, config); s.mask != nil {
		s.Close() // this instance hides nothing, and has not seen the config yet
	}
}

// Masked is a text without the secrets of the config that was given, where those are
// known. Who tells more than the results calls it.
func (s *Suite) Masked(text string) string {
	if s.mask == nil {
		return text
	}
	return s.mask(text)
}

// maxNesting bounds how deep an example is looked for: a schema may be recursive.
const maxNesting = 20

// example makes a config of a schema's own examples, and else of those of the fields
// that it requires. missing is the first field for which there is none.
func example(schema json.RawMessage) (text json.RawMessage, missing string) {
	value, missing := exampleOf(schema, maxNesting)
	if missing != "" {
		return nil, missing
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err.Error()
	}
	return text, ""
}

// rules are what of a JSON Schema an example is made of.
type rules struct {
	Type       any                        `json:"type"`
	Const      json.RawMessage            `json:"const"`
	Default    json.RawMessage            `json:"default"`
	Examples   []json.RawMessage          `json:"examples"`
	Enum       []json.RawMessage          `json:"enum"`
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
}

// exampleOf is an example of the value that a schema describes. The outermost is an
// object, whatever the schema says.
func exampleOf(schema json.RawMessage, depth int) (value any, missing string) {
	var r rules
	_ = json.Unmarshal(schema, &r) // true, or something odd, has no rules
	for _, one := range slices.Concat(r.Examples, []json.RawMessage{r.Default, r.Const}, r.Enum) {
		if one != nil {
			return one, ""
		}
	}
	if depth == 0 || depth < maxNesting && r.Properties == nil && r.Type != "object" {
		return nil, "a value"
	}
	object := map[string]any{}
	for _, name := range r.Required {
		inner, lacks := exampleOf(r.Properties[name], depth-1)
		switch {
		case lacks == "a value":
			return nil, name
		case lacks != "":
			return nil, name + "." + lacks
		}
		object[name] = inner
	}
	return object, ""
}
