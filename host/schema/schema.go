// Package schema checks a JSON value against a JSON Schema and says in plain
// words what is wrong, what is expected, and which right name is the nearest.
//
// Package catalog checks tasks' configs with it, and the command its job file.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	shared "github.com/hostelry-run/hostelry/shared/schema"
)

// Schema is a compiled JSON Schema. It is safe for concurrent use.
type Schema struct {
	compiled *jsonschema.Schema
	source   source
	notes    *shared.Notes
}

// location names the schema that is being compiled. References resolve against
// it, and nothing is ever loaded from it.
const location = "hostelry:///schema.json"

// Compile reads a JSON Schema (draft 2020-12, or what its $schema names). Empty
// text accepts any object. Nothing is loaded from a file or the network: a $ref
// must point into the schema itself. Nor may it have more than 10,000 parts, or a
// default that does not fit its own schema. What it says of secrets is as
// shared/schema.ReadNotes wants it. A schema that breaks these rules is an error of
// one line.
func Compile(raw json.RawMessage) (*Schema, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage(`{"type":"object"}`)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("schema is not JSON: %w", err)
	}
	if p, bad := unfit(nil, doc, (&report{value: doc}).show); bad {
		return nil, fmt.Errorf("bad schema: %s", p)
	}
	if n := parts(doc); n > maxParts {
		return nil, fmt.Errorf("bad schema: it has %d parts, more than %d", n, maxParts)
	}
	notes, err := shared.ReadNotes(raw)
	if err != nil {
		return nil, fmt.Errorf("bad schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	c.RegisterVocabulary(fieldNames())
	c.AssertVocabs()
	if err := c.AddResource(location, doc); err != nil {
		return nil, fmt.Errorf("bad schema: %w", err)
	}
	compiled, err := c.Compile(location)
	if err != nil {
		return nil, compileError(err, doc)
	}
	s := &Schema{compiled: compiled, source: newSource(raw, doc), notes: notes}
	if err := s.checkDefaults(c); err != nil {
		return nil, err
	}
	return s, nil
}

// Check compares value, as encoding/json decodes it (with json.Number or plain Go
// numbers), with the schema. It returns every problem once, in the order of the
// paths; none means that the value fits. It does not change or keep the value, and
// shows what is secret in it as ***.
func (s *Schema) Check(value any) []Problem {
	r := report{value: value, whole: "the value", source: s.source, secrets: sync.OnceValue(func() (paths [][]string) {
		for path := range s.notes.Hidden(value) {
			paths = append(paths, path)
		}
		return paths
	})}
	if p, bad := unfit(nil, value, r.show); bad {
		return []Problem{p}
	}
	var failure *jsonschema.ValidationError
	if !errors.As(s.compiled.Validate(value), &failure) {
		return nil
	}
	r.add(failure)
	return r.sorted()
}

// Notes are what the schema says of defaults and secrets.
func (s *Schema) Notes() *shared.Notes { return s.notes }

// noLoader refuses to load anything.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, &outsideError{strings.TrimPrefix(url, "hostelry:///")}
}

// outsideError is a reference out of the schema.
type outsideError struct{ url string }

func (e *outsideError) Error() string {
	return fmt.Sprintf("it refers to %q, and nothing outside the schema is loaded: use a reference within it, such as #/$defs/name", e.url)
}

// compileError puts the library's error into one line.
func compileError(err error, doc any) error {
	if outside, ok := errors.AsType[*outsideError](err); ok {
		return fmt.Errorf("bad schema: %w", outside)
	}
	var invalid *jsonschema.SchemaValidationError
	var failure *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &failure) {
		r := report{value: doc, whole: "the schema"}
		r.add(failure)
		if all := r.sorted(); len(all) > 0 {
			return fmt.Errorf("bad schema: %s", all[0])
		}
	}
	return fmt.Errorf("bad schema: %s", strings.ReplaceAll(strings.ReplaceAll(err.Error(), location, ""), "\n", " "))
}
