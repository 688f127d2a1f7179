package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// keyword is one part of a jsonschema tag.
type keyword struct {
	text        string // NAME=VALUE, or a flag
	name, value string
	isPair      bool
}

// keywords cuts a tag at its commas, but for those behind a backslash.
func keywords(tag string) []keyword {
	var all []keyword
	if tag == "" {
		return nil
	}
	for piece := range strings.SplitSeq(tag, ",") {
		if n := len(all) - 1; n >= 0 && strings.HasSuffix(all[n].text, `\`) {
			all[n] = newKeyword(strings.TrimSuffix(all[n].text, `\`) + "," + piece)
			continue
		}
		all = append(all, newKeyword(piece))
	}
	return all
}

func newKeyword(text string) keyword {
	k := keyword{text: text}
	k.name, k.value, k.isPair = strings.Cut(text, "=")
	return k
}

// errorf is an error about the keyword.
func (k keyword) errorf(format string, args ...any) error {
	return fmt.Errorf("jsonschema tag %q: %w", k.text, fmt.Errorf(format, args...))
}

// The keywords of a tag: for any field, for lists, and which give values.
var (
	commonNames = []string{"title", "description", "type", "oneof_type", "anyof_type", "oneof_required", "anyof_required"}
	listNames   = []string{"minItems", "maxItems", "uniqueItems"}
	valueNames  = []string{"default", "example", "enum"}
	typeNames   = []string{"string", "integer", "number", "boolean", "array", "object", "null"}
)

// keywordsOf are those for values of a type, or for each item of a list of them.
func keywordsOf(jsonType string) []string {
	switch jsonType {
	case "string":
		return []string{"minLength", "maxLength", "pattern", "format", "readOnly", "writeOnly", "default", "example", "enum"}
	case "integer", "number":
		return []string{"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "default", "example", "enum"}
	case "boolean":
		return []string{"default"}
	default:
		return nil
	}
}

// repeats reports whether a keyword may stand in a tag more than once: else the
// library takes the last.
func (k keyword) repeats(s *jsonschema.Schema) bool {
	return k.name == "example" || k.name == "enum" || k.name == "default" && s.Type == "array" ||
		k.name == "oneof_required" || k.name == "anyof_required"
}

// readKeywords finds the keywords that the library drops.
func (f field) readKeywords(s *jsonschema.Schema) error {
	seen := make(map[string]bool)
	for _, k := range f.keywords {
		if seen[k.name] && !k.repeats(s) {
			return k.errorf("%s stands there twice", k.name)
		}
		seen[k.name] = true
		if err := k.check(s); err != nil {
			return k.errorf("%w", err)
		}
		if k.name == "pattern" && s.Type == "array" {
			s.Items.Pattern = k.value // which the library drops if there is a "=" in it
		}
	}
	for piece := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") { // as the library looks for flags
		if (piece == "required" || piece == "nullable") && !f.has(piece) {
			return fmt.Errorf("jsonschema tag: the text between two commas reads as the flag %q: use other words", piece)
		}
	}
	return nil
}

// check finds out whether the keyword says something of a value of schema s.
func (k keyword) check(s *jsonschema.Schema) error {
	switch {
	case !k.isPair && (k.text == "required" || k.text == "nullable" || k.text == ""):
		return nil
	case k.name == Secret:
		return errors.New(`a secret is marked by the tag jsonschema_extras:"secret=true"`)
	case !k.isPair:
		return errors.New(`expected NAME=VALUE, required or nullable; a comma in a text is written \\, or the text in a jsonschema_description tag`)
	case slices.Contains(commonNames, k.name):
		return k.checkType()
	case s.Type == "array" && slices.Contains(listNames, k.name):
		return k.checkValue(nil)
	case s.Type == "array" && s.Items != nil:
		s = s.Items // what is not of the list is of each item
	}
	known := keywordsOf(s.Type)
	if slices.Contains(known, k.name) {
		return k.checkValue(s)
	}
	if s.Type == "" {
		return errors.New("the field's type is not known, and so nothing else can be said of it")
	}
	return fmt.Errorf("%q is no keyword for the type %s (known: %s)", k.name, s.Type, strings.Join(slices.Concat(commonNames, known), ", "))
}

// checkType checks a keyword that names types.
func (k keyword) checkType() error {
	if k.name != "type" && !strings.HasSuffix(k.name, "_type") {
		return nil
	}
	for name := range strings.SplitSeq(k.value, ";") {
		if !slices.Contains(typeNames, name) {
			return fmt.Errorf("%q is not one of the types %s", name, strings.Join(typeNames, ", "))
		}
	}
	return nil
}

// checkValue checks that the keyword's value is what the library takes for one.
func (k keyword) checkValue(s *jsonschema.Schema) (err error) {
	switch k.name {
	case "minLength", "maxLength", "minItems", "maxItems":
		if _, err = strconv.ParseUint(k.value, 10, 32); err != nil {
			return errors.New("expected a whole number of at least 0")
		}
	case "readOnly", "writeOnly", "uniqueItems":
		if k.value != "true" {
			return errors.New("expected true, or no such keyword")
		}
	case "pattern":
		_, err = regexp.Compile(k.value)
	case "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		_, err = literal("number", k.value)
	case "default", "example", "enum":
		_, err = literal(s.Type, k.value)
	}
	return err
}

// literal is the value that a text in a tag stands for.
func literal(jsonType, text string) (any, error) {
	switch jsonType {
	case "string":
		return text, nil
	case "boolean":
		if text != "true" && text != "false" {
			return nil, errors.New("expected true or false")
		}
		return text == "true", nil
	}
	n := json.Number(text)
	if _, err := n.Float64(); err != nil || !json.Valid([]byte(text)) {
		return nil, errors.New("expected a number as in JSON, such as -1 or 2.5")
	}
	if jsonType == "integer" && !isWhole(n) {
		return nil, errors.New("expected a whole number")
	}
	return n, nil
}

// readValues reads the field's default, examples and enum as values of its type.
func (f field) readValues(s *jsonschema.Schema) error {
	var defaults []any
	item, isList := s, s.Type == "array"
	if isList {
		item = s.Items
	}
	for _, k := range f.keywords {
		if !slices.Contains(valueNames, k.name) {
			continue
		}
		if k.name == "default" && !f.isOptional() {
			return k.errorf("it is never used, because the field is required: add omitempty or omitzero to its json tag")
		}
		v, err := literal(item.Type, k.value)
		if err == nil {
			err = f.decodes(v, isList)
		}
		if err == nil && k.name == "default" {
			defaults = append(defaults, v)
			err = fits(item, v)
		}
		if err != nil {
			return k.errorf("%w", err)
		}
	}
	if isList && defaults != nil {
		s.Default = defaults // the library's are texts
	}
	return nil
}

// decodes reports why the field would not decode v.
func (f field) decodes(v any, isItem bool) error {
	if isItem {
		v = []any{v}
	}
	raw, err := json.Marshal(map[string]any{f.name: v})
	if err == nil {
		err = json.Unmarshal(raw, reflect.New(f.in).Interface())
	}
	return err
}
