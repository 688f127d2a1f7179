// Package schema derives the JSON Schema of a kind's config from its Go type, the
// same for a plugin that describes itself and for a host's own kinds. Authors of
// tasks steer it by struct tags and do not need to call it.
package schema

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Of derives the JSON Schema (draft 2020-12) of config type t, a struct: fields
// by their json names, required unless omitempty or omitzero, constraints and
// descriptions by jsonschema tags as github.com/invopop/jsonschema defines them,
// no other fields allowed. It fails on a type that JSON cannot hold, such as one
// with a channel. The plugin SDK and hosts call it once for each kind.
func Of(t reflect.Type) (raw json.RawMessage, err error) {
	err = fmt.Errorf("deriving the schema of %v ended its goroutine", t)
	task.Guard(func() { // the library panics on types that it does not know
		r := jsonschema.Reflector{DoNotReference: true, ExpandedStruct: true, Anonymous: true}
		raw, err = json.Marshal(r.ReflectFromType(t))
	}, func(p *task.PanicError) {
		if p != nil {
			err = fmt.Errorf("no JSON Schema for %v: %s", t, p.Value)
		}
	})
	return raw, err
}
