package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// checkDefaults finds a default that does not fit the schema that gives it, and
// defaults without end.
func (s *Schema) checkDefaults(c *jsonschema.Compiler) error {
	for path, value := range s.notes.Defaults() {
		if err := s.checkDefault(c, path, value); err != nil {
			return fmt.Errorf("bad schema: %s: %w", join(append(path, "default")), err)
		}
	}
	if _, err := s.notes.Fill(json.RawMessage("{}")); err != nil {
		return fmt.Errorf("bad schema: %w", err)
	}
	return nil
}

func (s *Schema) checkDefault(c *jsonschema.Compiler, path []string, value any) error {
	var pointer strings.Builder
	for _, key := range path {
		pointer.WriteString("/" + escapeKey(key))
	}
	rules, err := c.Compile(location + "#" + (&url.URL{Fragment: pointer.String()}).EscapedFragment())
	if err != nil {
		return err
	}
	if failure, ok := errors.AsType[*jsonschema.ValidationError](rules.Validate(value)); ok {
		r := report{value: value, whole: "the value", source: s.source}
		r.add(failure)
		return errors.New(r.sorted()[0].String())
	}
	return nil
}
