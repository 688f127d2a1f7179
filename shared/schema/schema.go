// Package schema derives the JSON Schema of a kind's config from its Go type, the
// same for a plugin that describes itself and for a host's own kinds, and reads what
// any JSON Schema says beside its rules: defaults, and which texts are secret.
// Authors of tasks steer it by struct tags and do not need to call it.
package schema

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Of derives the JSON Schema (draft 2020-12) of config type t, a struct: fields
// by their json names, required unless omitempty or omitzero, constraints and
// descriptions by jsonschema tags as github.com/invopop/jsonschema defines them and
// task.NewKind explains, no other fields allowed. A type that decodes itself may have
// a method JSONSchema() *jsonschema.Schema; without it, it is a string if it decodes
// from text, and anything if it decodes from JSON.
//
// Of fails on a type into which JSON does not decode, such as one with a channel,
// on one that contains itself, and on a tag that says nothing. The plugin SDK and
// hosts call it once for each kind.
func Of(t reflect.Type) (raw json.RawMessage, err error) {
	err = guard(t, func() error {
		if err := check(t, nil); err != nil {
			return err
		}
		r := jsonschema.Reflector{DoNotReference: true, ExpandedStruct: true, Anonymous: true, Mapper: decodesItself}
		s := r.ReflectFromType(t)
		if err := settle(t, s); err != nil {
			return err
		}
		text, err := json.Marshal(s)
		if err == nil {
			_, err = ReadNotes(text)
		}
		if err == nil {
			raw = text
		}
		return err
	})
	return raw, err
}

// Check fails on a type for which Of fails, but for a fault in a tag. It is much
// quicker: the plugin SDK calls it at each start.
func Check(t reflect.Type) error {
	return guard(t, func() error { return check(t, nil) })
}

// guard makes an error of a panic: the library panics on types and tags that it
// does not know.
func guard(t reflect.Type, f func() error) error {
	err := errors.New("it ended its goroutine")
	task.Guard(func() { err = f() }, func(p *task.PanicError) {
		if p != nil {
			err = errors.New(p.Value)
		}
	})
	if err != nil {
		return fmt.Errorf("no JSON Schema for %v: %w", t, err)
	}
	return nil
}

// decodesItself is the schema of a type that does not decode as what it is made
// of, or nil.
func decodesItself(t reflect.Type) *jsonschema.Schema {
	switch v := reflect.New(t).Interface().(type) {
	case interface{ JSONSchema() *jsonschema.Schema }:
		return copied(v.JSONSchema())
	case *time.Time:
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case *json.Number:
		return &jsonschema.Schema{Type: "number"}
	case json.Unmarshaler:
		return &jsonschema.Schema{}
	case encoding.TextUnmarshaler:
		return &jsonschema.Schema{Type: "string"}
	default:
		return nil
	}
}

// copied is a copy of a type's own schema: tags of a field change it, and the type
// may return the same one each time.
func copied(s *jsonschema.Schema) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	c := *s
	c.Extras = maps.Clone(s.Extras)
	if c.Items = copied(s.Items); c.Type == "array" && c.Items == nil {
		c.Items = &jsonschema.Schema{} // the library looks into it
	}
	return &c
}
