package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Secret is the keyword of a schema that marks a text as one to be kept from logs,
// messages and results: {"type": "string", "secret": true}.
const Secret = "secret"

// Notes are what the schema of a config says beside its rules: the fields'
// defaults, and which texts are secret. They are safe for concurrent use.
type Notes struct {
	root     any // the schema
	defaults bool
	secrets  bool
}

// ReadNotes reads a JSON Schema. It fails if that is not JSON, and if the keyword
// [Secret] stands where it means nothing or could not be kept: it is true or false,
// of a string that has no default, const or enum; and in a schema with secrets a
// reference leads to a place in the schema, as #/$defs/name does. The host calls it
// for each kind.
func ReadNotes(schema json.RawMessage) (*Notes, error) {
	root, err := decode(schema)
	if err != nil {
		return nil, fmt.Errorf("schema is not JSON: %w", err)
	}
	n := &Notes{root: root}
	err = eachSchema(root, nil, func(_ []string, s map[string]any) error {
		_, hasDefault := s["default"]
		n.defaults = n.defaults || hasDefault
		n.secrets = n.secrets || s[Secret] == true
		return nil
	})
	if err == nil {
		err = eachSchema(root, nil, n.check)
	}
	return n, err
}

// HasSecrets reports whether the schema marks any text as secret.
func (n *Notes) HasSecrets() bool { return n.secrets }

// Defaults are the defaults that the schema gives, wherever, each with the path of
// the schema that gives it. Who reads the schema calls it to find those that do not
// fit.
func (n *Notes) Defaults() iter.Seq2[[]string, any] {
	return func(yield func([]string, any) bool) {
		_ = eachSchema(n.root, nil, func(path []string, s map[string]any) error {
			if d, has := s["default"]; has && !yield(path, d) {
				return io.EOF // enough
			}
			return nil
		})
	}
}

// check finds out whether what a schema, at path, says of secrets can be kept.
func (n *Notes) check(path []string, s map[string]any) error {
	err := checkSecret(s)
	ref, isRef := s["$ref"].(string)
	switch _, hasID := s["$id"]; {
	case err != nil, !n.secrets:
	case s[Secret] == true && len(path) > 0 && (path[len(path)-1] == "propertyNames" || path[len(path)-1] == "not"):
		err = errors.New(`"secret" is for a value, not for a name or for what no value is`)
	case n.givesSecret(s):
		err = errors.New("it gives a secret as default, const or enum: that is no secret")
	case isRef && n.resolve(ref) == nil:
		err = fmt.Errorf("beside secrets a reference is to a place in the schema, such as #/$defs/name, and not %q", ref)
	case s["$dynamicRef"] != nil, s["$recursiveRef"] != nil:
		err = errors.New("beside secrets a reference is a $ref")
	case hasID && len(path) > 0:
		err = errors.New("beside secrets only the schema itself has an $id")
	}
	if err != nil && len(path) > 0 {
		err = fmt.Errorf("%s: %w", strings.Join(path, "."), err)
	}
	return err
}

// checkSecret finds out whether the keyword means something in s.
func checkSecret(s map[string]any) error {
	switch value, isThere := s[Secret]; {
	case !isThere, value == false:
		return nil
	case value != true:
		return errors.New(`"secret" is true or false`)
	}
	types, isList := s["type"].([]any)
	if !isList {
		types = []any{s["type"]}
	}
	for _, t := range types {
		if t != "string" && (t != "null" || !isList) {
			return errors.New(`"secret" is for "type": "string"`)
		}
	}
	return nil
}

// givesSecret reports whether s itself says what a secret is.
func (n *Notes) givesSecret(s map[string]any) bool {
	enum, _ := s["enum"].([]any)
	for _, value := range append([]any{s["default"], s["const"]}, enum...) {
		for _, secret := range n.secretsIn([]any{s}, value) {
			if secret != nil {
				return true
			}
		}
	}
	return false
}

// decode reads JSON with its numbers digit for digit.
func decode(raw json.RawMessage) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON value")
	}
	return v, nil
}

// inners are the keywords whose values are schemas, or lists or objects of them.
//
//nolint:gochecknoglobals // a table, which nobody changes
var inners = []struct {
	name  string
	named bool // an object of schemas by name
}{
	{"properties", true}, {"patternProperties", true}, {"$defs", true}, {"definitions", true}, {"dependentSchemas", true},
	{"additionalProperties", false}, {"unevaluatedProperties", false}, {"propertyNames", false},
	{"items", false}, {"prefixItems", false}, {"additionalItems", false}, {"unevaluatedItems", false}, {"contains", false},
	{"allOf", false}, {"anyOf", false}, {"oneOf", false}, {"not", false}, {"if", false}, {"then", false}, {"else", false},
}

// eachSchema calls visit for a schema and for those in it, until that fails.
func eachSchema(schema any, path []string, visit func(path []string, s map[string]any) error) error {
	s, isObject := schema.(map[string]any)
	if !isObject {
		return nil
	}
	if err := visit(path, s); err != nil {
		return err
	}
	for _, inner := range inners {
		at := append(slices.Clip(path), inner.name)
		var err error
		switch v := s[inner.name].(type) {
		case []any:
			for i := 0; i < len(v) && err == nil; i++ {
				err = eachSchema(v[i], append(slices.Clip(at), strconv.Itoa(i)), visit)
			}
		case map[string]any:
			if !inner.named {
				err = eachSchema(v, at, visit)
				break
			}
			for name, one := range v {
				if err == nil {
					err = eachSchema(one, append(slices.Clip(at), name), visit)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// resolve follows a reference of the form #/a/b, or returns nil.
func (n *Notes) resolve(ref string) any {
	pointer, isLocal := strings.CutPrefix(ref, "#")
	pointer, err := url.PathUnescape(pointer)
	if !isLocal || err != nil || pointer != "" && pointer[0] != '/' {
		return nil
	}
	at := n.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		switch v := at.(type) {
		case map[string]any:
			at = v[strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	return at
}
