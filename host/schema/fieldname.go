package schema

import (
	"errors"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// fieldNames checks "propertyNames" once more than the library does. The library
// reports the place of such an error in a slice that it goes on to overwrite, so
// that the place is wrong as soon as the value has another field.
func fieldNames() *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{
		URL: "hostelry:///propertyNames",
		Compile: func(c *jsonschema.CompilerContext, object map[string]any) (jsonschema.SchemaExt, error) {
			if _, ok := object["propertyNames"]; !ok {
				return nil, nil
			}
			return fieldNameRule{c.Enqueue([]string{"propertyNames"})}, nil
		},
	}
}

type fieldNameRule struct{ rule *jsonschema.Schema }

// Validate implements jsonschema.SchemaExt.
func (f fieldNameRule) Validate(c *jsonschema.ValidatorContext, v any) {
	object, _ := v.(map[string]any)
	for name := range object {
		if failure, ok := errors.AsType[*jsonschema.ValidationError](f.rule.Validate(name)); ok {
			c.AddErrors(slices.Clone(failure.Causes), &badName{PropertyNames: kind.PropertyNames{Property: name}})
		}
	}
}

// badName is the library's kind of error, but with a place that is right.
type badName struct{ kind.PropertyNames }
