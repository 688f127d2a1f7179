package schema

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// readExtras reads the tag for keywords that are not JSON Schema's own.
func (f field) readExtras(s *jsonschema.Schema) error {
	if value, ok := f.Tag.Lookup(Secret); ok {
		return fmt.Errorf(`tag %s:%q says nothing: a secret is marked by the tag jsonschema_extras:"secret=true"`, Secret, value)
	}
	for _, k := range keywords(f.Tag.Get("jsonschema_extras")) {
		var err error
		switch {
		case k.text == Secret:
			err = errors.New("expected secret=true")
		case !k.isPair:
			err = errors.New(`expected NAME=VALUE; a comma in a value is written \\,`)
		case isOwn(k.name):
			err = errors.New("it is a keyword of JSON Schema: write it in the jsonschema tag")
		case k.name != Secret:
		case k.value == "true":
			err = keepSecret(s)
		case k.value != "false":
			err = errors.New("expected secret=true")
		}
		if err != nil {
			return fmt.Errorf("jsonschema_extras tag %q: %w", k.text, err)
		}
	}
	return nil
}

// isOwn reports whether the library knows the keyword.
func isOwn(name string) bool {
	for f := range reflect.TypeFor[jsonschema.Schema]().Fields() {
		if own, _, _ := strings.Cut(f.Tag.Get("json"), ","); own == name {
			return true
		}
	}
	return false
}

// keepSecret marks the texts in a value of schema s: that itself, or the items of
// a list and the values of a map.
func keepSecret(s *jsonschema.Schema) error {
	marked := s
	for marked.Type == "array" && marked.Items != nil {
		marked = marked.Items
	}
	if marked.Type == "object" && valuesOf(marked) != nil {
		marked = valuesOf(marked)
	}
	if marked.Type != "string" {
		return errors.New("a secret is a string, or a list or map of them")
	}
	if s.Default != nil || marked.Default != nil || marked.Enum != nil {
		return errors.New("a secret has no default and no enum: they are no secret")
	}
	delete(s.Extras, Secret)
	if marked.Extras == nil {
		marked.Extras = make(map[string]any)
	}
	marked.Extras[Secret] = true
	return nil
}
