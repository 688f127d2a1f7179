package schema

import (
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strconv"
)

// forms are the schemas that apply to one value: each may say something of it.
type forms struct {
	all  []map[string]any
	sure bool // without those of which only the value tells whether they apply
}

// forms finds the schemas that apply to a value beside the given ones.
func (n *Notes) forms(schemas []any, sure bool) forms {
	f := forms{sure: sure}
	seen := make(map[uintptr]bool) // a reference may lead back
	for queue := slices.Clone(schemas); len(queue) > 0; queue = queue[1:] {
		s, isObject := queue[0].(map[string]any)
		if !isObject || seen[reflect.ValueOf(s).Pointer()] {
			continue
		}
		seen[reflect.ValueOf(s).Pointer()] = true
		f.all = append(f.all, s)
		queue = append(queue, n.beside(s, sure)...)
	}
	return f
}

// beside are the schemas that s names for the same value.
func (n *Notes) beside(s map[string]any, sure bool) []any {
	var all []any
	if ref, isRef := s["$ref"].(string); isRef {
		all = append(all, n.resolve(ref))
	}
	all = append(all, list(s["allOf"])...)
	for _, choice := range [][]any{list(s["anyOf"]), list(s["oneOf"])} {
		some := slices.DeleteFunc(slices.Clone(choice), isNull)
		if !sure || len(some) == 1 {
			all = append(all, some...)
		}
	}
	if sure {
		return all
	}
	all = append(all, s["if"], s["then"], s["else"])
	if dependent, isObject := s["dependentSchemas"].(map[string]any); isObject {
		for _, one := range dependent {
			all = append(all, one)
		}
	}
	return all
}

func list(v any) []any {
	all, _ := v.([]any)
	return all
}

// isNull reports whether a schema is for null alone.
func isNull(schema any) bool {
	s, _ := schema.(map[string]any)
	return s["type"] == "null"
}

// names are those of the fields that the value may have.
func (f forms) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, s := range f.all {
			properties, _ := s["properties"].(map[string]any)
			for name := range properties {
				if !yield(name) {
					return
				}
			}
		}
	}
}

// field are the schemas of a field of the value.
func (f forms) field(name string) []any {
	var all []any
	for _, s := range f.all {
		properties, _ := s["properties"].(map[string]any)
		property, known := properties[name]
		if known {
			all = append(all, property)
		}
		patterns, _ := s["patternProperties"].(map[string]any)
		for pattern, one := range patterns {
			if matches, err := regexp.MatchString(pattern, name); err == nil && matches {
				all, known = append(all, one), true
			}
		}
		if !known {
			all = append(all, s["additionalProperties"])
		}
		if !known && !f.sure {
			all = append(all, s["unevaluatedProperties"])
		}
	}
	return all
}

// item are the schemas of an item of the value, counted from 0.
func (f forms) item(i int) []any {
	var all []any
	for _, s := range f.all {
		first := list(s["prefixItems"])
		if first == nil {
			first = list(s["items"]) // before draft 2020-12
		}
		if i < len(first) {
			all = append(all, first[i])
		} else {
			all = append(all, s["items"], s["additionalItems"])
		}
		if !f.sure {
			all = append(all, s["contains"], s["unevaluatedItems"])
		}
	}
	return all
}

// Secrets are the values in a config that the schema marks as secret, each with
// its path: keys, and indexes from 0. The config is as encoding/json decodes it;
// a value that should be text and is not is among them. Where the schema leaves a
// choice, what is secret in one form is taken for secret. Hosts call it to know
// what to mask.
func (n *Notes) Secrets(config any) iter.Seq2[[]string, any] {
	if !n.secrets {
		return func(func([]string, any) bool) {}
	}
	return n.secretsIn([]any{n.root}, config)
}

// Hidden are the values that a message about a config that does not fit must not
// show: the Secrets, and what stands where a list or object with secrets should.
func (n *Notes) Hidden(config any) iter.Seq2[[]string, any] {
	if !n.secrets {
		return n.Secrets(config)
	}
	return func(yield func([]string, any) bool) { n.eachSecret([]any{n.root}, nil, config, true, yield) }
}

func (n *Notes) secretsIn(schemas []any, v any) iter.Seq2[[]string, any] {
	return func(yield func([]string, any) bool) { n.eachSecret(schemas, nil, v, false, yield) }
}

// eachSecret reports whether yield wants more. With misplaced, what stands where
// something else with secrets in it should is one too.
func (n *Notes) eachSecret(schemas []any, path []string, v any, misplaced bool, yield func([]string, any) bool) bool {
	f := n.forms(schemas, false)
	if slices.ContainsFunc(f.all, func(s map[string]any) bool {
		return s[Secret] == true || misplaced && holdsSecret(s, otherForms(v), 0)
	}) {
		return yield(path, v)
	}
	below := func(key string) []string { return append(slices.Clip(path), key) }
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if !n.eachSecret(f.field(name), below(name), inner, misplaced, yield) {
				return false
			}
		}
	case []any:
		for i, item := range v {
			if !n.eachSecret(f.item(i), below(strconv.Itoa(i)), item, misplaced, yield) {
				return false
			}
		}
	}
	return true
}

var (
	objectFormNames = []string{"properties", "patternProperties", "additionalProperties", "unevaluatedProperties"}
	listFormNames   = []string{"items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"}
)

// otherForms are the keywords of what v is not.
func otherForms(v any) []string {
	switch v.(type) {
	case map[string]any:
		return listFormNames
	case []any:
		return objectFormNames
	default:
		return slices.Concat(objectFormNames, listFormNames)
	}
}

// holdsSecret reports whether a schema has a secret behind one of the keywords, or
// a reference, behind which there may be one.
func holdsSecret(s map[string]any, keywords []string, depth int) bool {
	for _, k := range keywords {
		if inner, has := s[k]; has && mentionsSecret(inner, depth) {
			return true
		}
	}
	return false
}

func mentionsSecret(v any, depth int) bool {
	if depth > maxDepth {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		if _, refers := v["$ref"]; refers || v[Secret] == true {
			return true
		}
		for _, inner := range v {
			if mentionsSecret(inner, depth+1) {
				return true
			}
		}
	case []any:
		for _, inner := range v {
			if mentionsSecret(inner, depth+1) {
				return true
			}
		}
	}
	return false
}
