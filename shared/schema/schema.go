// Package schema derives the JSON Schema of a kind's config from its Go type, the
// same for a plugin that describes itself and for a host's own kinds. Authors of
// tasks steer it by struct tags and do not need to call it.
package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Of derives the JSON Schema (draft 2020-12) of config type t, a struct: fields
// by their json names, required unless omitempty or omitzero, constraints and
// descriptions by jsonschema tags as github.com/invopop/jsonschema defines them,
// no other fields allowed. A type that decodes itself may have a method
// JSONSchema() *jsonschema.Schema; without it, it is a string if it decodes from
// text, and anything if it decodes from JSON.
//
// Of fails on a type into which JSON does not decode, such as one with a channel,
// and on one that contains itself. The plugin SDK and hosts call it once for each
// kind.
func Of(t reflect.Type) (raw json.RawMessage, err error) {
	err = fmt.Errorf("deriving the schema of %v ended its goroutine", t)
	task.Guard(func() { // the library panics on types and tags that it does not know
		if err = check(t, nil); err != nil {
			err = fmt.Errorf("no JSON Schema for %v: %w", t, err)
			return
		}
		r := jsonschema.Reflector{DoNotReference: true, ExpandedStruct: true, Anonymous: true, Mapper: decodesItself}
		raw, err = json.Marshal(r.ReflectFromType(t))
	}, func(p *task.PanicError) {
		if p != nil {
			err = fmt.Errorf("no JSON Schema for %v: %s", t, p.Value)
		}
	})
	return raw, err
}

// decodesItself is the schema of a type that does not decode as what it is made
// of, or nil.
func decodesItself(t reflect.Type) *jsonschema.Schema {
	switch v := reflect.New(t).Interface().(type) {
	case interface{ JSONSchema() *jsonschema.Schema }:
		return v.JSONSchema()
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
