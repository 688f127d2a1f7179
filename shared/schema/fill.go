package schema

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Bounds of what defaults add to a config: those of a schema that refers to itself
// may have no end.
const (
	maxValues = 10_000
	maxBytes  = 1 << 20
	maxDepth  = 500 // levels, with those of the config
)

// Fill returns config, a JSON object, with the schema's defaults in the place of
// fields that it leaves out. Numbers keep their digits. An empty config is {}; one
// that lacks nothing is returned as it is. The host calls it on a config that fits
// the schema, and so does whoever runs a task without a host.
//
// A field that is there keeps its value, null too. The defaults of an object's
// fields count where the object is there, also as an item of a list: one that is
// left out stays so, unless it has a default of its own, such as {}, which is then
// filled in too. A default is found in the field's own schema, through $ref to a
// place in the schema, through allOf, and in a choice between one form and null;
// not in other anyOf and oneOf, nor behind a condition.
func (n *Notes) Fill(config json.RawMessage) (json.RawMessage, error) {
	if !n.defaults {
		return config, nil
	}
	var v any = map[string]any{}
	if len(bytes.TrimSpace(config)) > 0 {
		var err error
		if v, err = decode(config); err != nil {
			return nil, err
		}
	}
	f := filler{notes: n}
	f.fill([]any{n.root}, v, 0)
	switch {
	case f.tooMuch:
		return nil, errors.New("the defaults of its schema have no end, or add more than 10000 values or 1 MiB: tell its author")
	case f.values == 0:
		return config, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// filler fills defaults into one config.
type filler struct {
	notes         *Notes
	values, bytes int  // that it has added
	tooMuch       bool // of them, or too deep
}

// fill fills defaults into v, to which the schemas apply, at a depth.
func (f *filler) fill(schemas []any, v any, depth int) {
	f.tooMuch = f.tooMuch || f.values > maxValues || f.bytes > maxBytes || depth > maxDepth
	if f.tooMuch {
		return
	}
	forms := f.notes.forms(schemas, true)
	switch v := v.(type) {
	case map[string]any:
		for name := range forms.names() {
			if _, isThere := v[name]; isThere {
				continue
			}
			if d, has := f.notes.defaultOf(forms.field(name)); has {
				f.bytes += len(name)
				v[name] = f.copied(d)
			}
		}
		for name, inner := range v {
			f.fill(forms.field(name), inner, depth+1)
		}
	case []any:
		for i, item := range v {
			f.fill(forms.item(i), item, depth+1)
		}
	}
}

// defaultOf is the first default of a value to which the schemas apply.
func (n *Notes) defaultOf(schemas []any) (v any, has bool) {
	for _, s := range n.forms(schemas, true).all {
		if v, has = s["default"]; has {
			return v, true
		}
	}
	return nil, false
}

// copied is a copy that shares nothing with v that could be changed.
func (f *filler) copied(v any) any {
	f.values++
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, inner := range v {
			f.bytes += len(name)
			c[name] = f.copied(inner)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = f.copied(item)
		}
		return c
	case string:
		f.bytes += len(v)
	case json.Number:
		f.bytes += len(v)
	}
	return v
}
