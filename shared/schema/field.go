package schema

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// The library drops what it does not understand in a tag without a word, and reads
// some of the rest wrongly. settle goes through the fields of t once more, of which
// s is the schema that the library made: the first becomes an error that names the
// field and the tag, the second is set right.
func settle(t reflect.Type, s *jsonschema.Schema) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if ownSchema(t) != nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if s.Items != nil {
			return settle(t.Elem(), s.Items)
		}
	case reflect.Map:
		if values := valuesOf(s); values != nil {
			return settle(t.Elem(), values)
		}
	case reflect.Struct:
		return settleFields(t, s, make(map[string]bool))
	default: // it has no fields
	}
	return nil
}

// valuesOf is the schema of a map's values, or nil if they may be anything.
func valuesOf(s *jsonschema.Schema) *jsonschema.Schema {
	for _, values := range s.PatternProperties { // by number: there is one
		return values
	}
	return s.AdditionalProperties
}

// settleFields settles the fields of a struct, those of embedded structs among
// them. taken are the names of the object's fields so far.
func settleFields(t reflect.Type, s *jsonschema.Schema, taken map[string]bool) error {
	for sf := range t.Fields() {
		f, err := newField(t, sf)
		switch {
		case err != nil:
		case f.embedded:
			err = settleFields(elem(f.Type), s, taken)
		case f.name == "":
		case taken[f.name]:
			err = fmt.Errorf("another field is called %q in JSON too", f.name)
		default:
			taken[f.name] = true
			err = f.settle(s)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
	}
	return nil
}

// field is a field of a config, as its tags say.
type field struct {
	reflect.StructField
	in       reflect.Type // the struct
	name     string       // in JSON; "" if it is not there
	embedded bool         // its own fields stand in its place
	optional bool         // by its json tag
	keywords []keyword
}

// newField reads the tags as the library does.
func newField(in reflect.Type, sf reflect.StructField) (field, error) {
	f := field{StructField: sf, in: in}
	if !sf.IsExported() && !sf.Anonymous {
		return f, nil
	}
	if err := wellFormed(string(sf.Tag)); err != nil {
		return f, err
	}
	name, options, hasOptions := strings.Cut(sf.Tag.Get("json"), ",")
	f.keywords = keywords(sf.Tag.Get("jsonschema"))
	switch {
	case name == "-" && hasOptions:
		return f, errors.New(`a field cannot be called "-"`)
	case name == "-", len(f.keywords) > 0 && f.keywords[0].text == "-":
		return f, nil
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty", "omitzero":
			f.optional = true
		case "string", "":
		default:
			return f, fmt.Errorf("json tag %q: encoding/json has no option %q", sf.Tag.Get("json"), option)
		}
	}
	f.embedded = sf.Anonymous && name == "" && elem(sf.Type).Kind() == reflect.Struct
	if f.name = name; name == "" && !f.embedded {
		f.name = sf.Name
	}
	return f, nil
}

// wellFormed reports why reflect does not read a tag to its end: what it cannot
// read, it takes for absent.
func wellFormed(tag string) error {
	for tag = strings.TrimLeft(tag, " "); tag != ""; tag = strings.TrimLeft(tag, " ") {
		key, rest, found := strings.Cut(tag, ":")
		if !found || key == "" || strings.ContainsAny(key, " \"") || !strings.HasPrefix(rest, `"`) {
			return fmt.Errorf("the tag %q is not of the form KEY:\"VALUE\"", tag)
		}
		value, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return fmt.Errorf("the tag %s:%s is no Go string: write a backslash in it twice", key, rest)
		}
		tag = rest[len(value):]
	}
	return nil
}

// settle settles one field of the object whose schema is parent.
func (f field) settle(parent *jsonschema.Schema) error {
	whole, found := parent.Properties.Get(f.name)
	if !found {
		return errors.New("it is not in the schema: give its type a JSONSchema method instead of an alias")
	}
	s := whole
	if f.has("nullable") {
		s = whole.OneOf[0] // beside null
	}
	if own := ownSchema(elem(f.Type)); own != nil && s.Description == "" {
		s.Description = own.Description // of which the library made the tag's
	}
	if err := settle(f.Type, s); err != nil {
		return err
	}
	for _, read := range []func(*jsonschema.Schema) error{f.readKeywords, f.readValues, f.readExtras} {
		if err := read(s); err != nil {
			return err
		}
	}
	if f.Type.Kind() == reflect.Struct && s.Default == nil && f.isOptional() && completesItself(s) {
		s.Default = struct{}{}
	}
	if s != whole { // whoever looks for them looks there
		whole.Default, s.Default = s.Default, nil
		whole.Description, s.Description = s.Description, ""
	}
	return nil
}

// isOptional reports whether a config may leave the field out.
func (f field) isOptional() bool { return f.optional && !f.has("required") }

func (f field) has(flag string) bool {
	return slices.ContainsFunc(f.keywords, func(k keyword) bool { return k.text == flag })
}

// completesItself reports whether {} is a value with defaults in it. Such a struct
// is there when the config leaves it out, with its defaults.
func completesItself(s *jsonschema.Schema) bool {
	if s.Properties == nil || len(s.Required) > 0 || s.OneOf != nil || s.AnyOf != nil {
		return false
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Default != nil {
			return true
		}
	}
	return false
}

// ownSchema is the schema of a type that decodes itself, or nil.
func ownSchema(t reflect.Type) *jsonschema.Schema {
	if t.Kind() == reflect.Interface {
		return nil
	}
	return decodesItself(t)
}

// elem is what t is, or points to.
func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
