package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
)

// fits reports which rule of a schema, of those that tags make, a value breaks. A
// host compares it with the whole schema.
func fits(s *jsonschema.Schema, v any) error {
	if s.Enum != nil && !slices.ContainsFunc(s.Enum, func(one any) bool { return equal(one, v) }) {
		return fmt.Errorf("it is not in the enum %v", s.Enum)
	}
	if s.Const != nil && !equal(s.Const, v) {
		return fmt.Errorf("it is not %v", s.Const)
	}
	switch v := v.(type) {
	case string:
		return fitsText(s, v)
	case json.Number:
		return fitsNumber(s, v)
	case []any:
		return fitsList(s, v)
	}
	return nil
}

func equal(a, b any) bool {
	m, isNumber := a.(json.Number)
	n, areNumbers := b.(json.Number)
	if isNumber && areNumbers {
		return float(m).Cmp(float(n)) == 0
	}
	return reflect.DeepEqual(a, b)
}

func fitsText(s *jsonschema.Schema, text string) error {
	n := uint64(utf8.RuneCountInString(text))
	switch {
	case s.MinLength != nil && n < *s.MinLength:
		return fmt.Errorf("it is shorter than minLength %d", *s.MinLength)
	case s.MaxLength != nil && n > *s.MaxLength:
		return fmt.Errorf("it is longer than maxLength %d", *s.MaxLength)
	case s.Pattern == "":
		return nil
	}
	pattern, err := regexp.Compile(s.Pattern)
	if err == nil && !pattern.MatchString(text) {
		err = fmt.Errorf("it does not match the pattern %s", s.Pattern)
	}
	return err
}

func fitsNumber(s *jsonschema.Schema, n json.Number) error {
	for _, limit := range []struct {
		name  string
		value json.Number
		bad   func(order int) bool
	}{
		{"minimum", s.Minimum, func(order int) bool { return order < 0 }},
		{"exclusiveMinimum", s.ExclusiveMinimum, func(order int) bool { return order <= 0 }},
		{"maximum", s.Maximum, func(order int) bool { return order > 0 }},
		{"exclusiveMaximum", s.ExclusiveMaximum, func(order int) bool { return order >= 0 }},
	} {
		if limit.value != "" && limit.bad(float(n).Cmp(float(limit.value))) {
			return fmt.Errorf("it is beyond %s %s", limit.name, limit.value)
		}
	}
	if s.MultipleOf != "" && !isMultiple(n, s.MultipleOf) {
		return fmt.Errorf("it is no multiple of multipleOf %s", s.MultipleOf)
	}
	return nil
}

// float is a number that is known to be one, with more digits than a tag has.
func float(n json.Number) *big.Float {
	f, _, err := big.ParseFloat(string(n), 10, 512, big.ToNearestEven)
	if err != nil {
		return new(big.Float)
	}
	return f
}

func isWhole(n json.Number) bool { return float(n).IsInt() }
