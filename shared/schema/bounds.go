package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// CheckBounds finds out which rules a config, a JSON object, breaks of those that the
// struct tags of its type make: enums, bounds, lengths, patterns, and which fields
// must be there. Its errors do not show values. It is for a plugin that runs a task
// without a host, and has not the means of one to compare the whole schema. The types
// and the names of fields are the decoder's to check.
func (n *Notes) CheckBounds(config json.RawMessage) error {
	value, err := decode(config)
	if err != nil {
		return err
	}
	c := checker{notes: n}
	c.check([]any{n.root}, nil, value)
	slices.SortFunc(c.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(c.errs...)
}

// checker collects what is wrong with one config.
type checker struct {
	notes *Notes
	errs  []error
}

func (c *checker) say(path []string, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(path) > 0 {
		text = strings.Join(path, ".") + ": " + text
	}
	c.errs = append(c.errs, errors.New(text))
}

// check compares v, at path, with the schemas that are sure to apply to it.
func (c *checker) check(schemas []any, path []string, v any) {
	if v == nil || len(path) > maxDepth {
		return // what may be null is the type's to say
	}
	forms := c.notes.forms(schemas, true)
	for _, s := range forms.all {
		rules, err := rulesOf(s)
		if err != nil {
			continue // only a host understands it
		}
		if err := fits(rules, v); err != nil {
			c.say(path, "%v", err)
		}
		if object, ok := v.(map[string]any); ok {
			c.checkFields(s, rules, path, object)
		}
	}
	below := func(key string) []string { return append(slices.Clip(path), key) }
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			c.check(forms.field(name), below(name), inner)
		}
	case []any:
		for i, item := range v {
			c.check(forms.item(i), below(strconv.Itoa(i)), item)
		}
	}
}

// ruleNames are the keywords that are checked, beside enum and const.
var ruleNames = []string{
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
	"minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "required",
}

// rulesOf are those rules of a schema that are checked.
func rulesOf(s map[string]any) (*jsonschema.Schema, error) {
	some := make(map[string]any)
	for _, name := range ruleNames {
		if rule, has := s[name]; has {
			some[name] = rule
		}
	}
	raw, err := json.Marshal(some)
	if err != nil {
		return nil, err
	}
	rules := &jsonschema.Schema{}
	err = json.Unmarshal(raw, rules)
	rules.Enum, rules.Const = list(s["enum"]), s["const"] // with their numbers digit for digit
	return rules, err
}

// checkFields finds fields that an object lacks, by itself or as one of a choice.
func (c *checker) checkFields(s map[string]any, rules *jsonschema.Schema, path []string, object map[string]any) {
	for _, name := range rules.Required {
		if _, has := object[name]; !has {
			c.say(path, "it lacks %s", name)
		}
	}
	for _, choice := range []string{"oneOf", "anyOf"} {
		var names []string
		given := 0
		for _, branch := range list(s[choice]) {
			one, _ := branch.(map[string]any)
			required := list(one["required"])
			if len(required) == 0 || one["properties"] != nil {
				return // it is no choice between fields
			}
			has := true
			for _, name := range required {
				names = append(names, fmt.Sprint(name))
				_, isThere := object[fmt.Sprint(name)]
				has = has && isThere
			}
			if has {
				given++
			}
		}
		switch {
		case len(names) == 0:
		case given == 0:
			c.say(path, "it lacks one of %s", strings.Join(names, ", "))
		case given > 1 && choice == "oneOf":
			c.say(path, "it has more than one of %s", strings.Join(names, ", "))
		}
	}
}

// fitsList reports which rule a list breaks.
func fitsList(s *jsonschema.Schema, items []any) error {
	n := uint64(len(items))
	switch {
	case s.MinItems != nil && n < *s.MinItems:
		return fmt.Errorf("it has fewer than minItems %d", *s.MinItems)
	case s.MaxItems != nil && n > *s.MaxItems:
		return fmt.Errorf("it has more than maxItems %d", *s.MaxItems)
	case !s.UniqueItems:
		return nil
	}
	for i, item := range items {
		if slices.ContainsFunc(items[:i], func(other any) bool { return equal(item, other) }) {
			return fmt.Errorf("it has item %d twice", i+1)
		}
	}
	return nil
}

// isMultiple reports whether n is a multiple of a number. Numbers too large to divide
// are taken for one.
func isMultiple(n, of json.Number) bool {
	const most = 2000 // bits
	for _, number := range []json.Number{n, of} {
		if bits := float(number).MantExp(nil); bits > most || bits < -most || len(number) > most {
			return true
		}
	}
	a, okA := new(big.Rat).SetString(string(n))
	b, okB := new(big.Rat).SetString(string(of))
	return !okA || !okB || b.Sign() == 0 || a.Quo(a, b).IsInt()
}
