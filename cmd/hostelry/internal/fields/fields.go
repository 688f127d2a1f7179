// Package fields reads the fields of a kind's config out of its JSON Schema, for
// people: in the schema's order, with types in words.
package fields

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Field is a field of a config.
type Field struct {
	Name        string
	Required    bool
	Needed      bool     // by a small config: it is required, or the first choice of those of which one is
	Secret      bool     // it, or its items or values
	Type        string   // in words: "list of string"
	Bounds      []string // in words: "1 to 9"
	Default     string   // as JSON, or ""
	Examples    []string // as JSON; those of a secret are left out
	Description string
	Fields      []Field // of an object
}

// maxDepth bounds how far nested objects are followed: a schema may be recursive.
const maxDepth = 4

// mostExamples is how many examples of a field are shown.
const mostExamples = 3

// Of lists the fields at the top of a schema. It is for people: what it does not
// understand it leaves out.
func Of(schema json.RawMessage) []Field {
	var root rules
	if json.Unmarshal(schema, &root) != nil {
		return nil
	}
	r := reader{defs: root.Defs, whole: schema}
	return r.fields(r.resolve(root), maxDepth)
}

// Lines describe the field, and those in it, one line each.
func (f Field) Lines(indent string) []string {
	facts := []string{f.Type}
	if f.Required {
		facts = append(facts, "required")
	}
	if f.Secret {
		facts = append(facts, "secret")
	}
	facts = append(facts, f.Bounds...)
	if f.Default != "" {
		facts = append(facts, "default "+f.Default)
	}
	if len(f.Examples) > 0 {
		facts = append(facts, "such as "+strings.Join(f.Examples, " or "))
	}
	line := fmt.Sprintf("%s%s (%s)", indent, f.Name, strings.Join(facts, ", "))
	if f.Description != "" {
		line += "  " + f.Description
	}
	lines := []string{line}
	for _, inner := range f.Fields {
		lines = append(lines, inner.Lines(indent+"  ")...)
	}
	return lines
}

// rules is the part of a JSON Schema that people are told of.
type rules struct {
	Ref         string                     `json:"$ref"`
	Defs        map[string]json.RawMessage `json:"$defs"`
	Type        any                        `json:"type"`
	Enum        []json.RawMessage          `json:"enum"`
	Const       json.RawMessage            `json:"const"`
	Secret      any                        `json:"secret"`
	Items       json.RawMessage            `json:"items"`
	AnyOf       []json.RawMessage          `json:"anyOf"`
	OneOf       []json.RawMessage          `json:"oneOf"`
	Properties  json.RawMessage            `json:"properties"`
	Additional  json.RawMessage            `json:"additionalProperties"`
	Required    []string                   `json:"required"`
	Default     json.RawMessage            `json:"default"`
	Examples    []json.RawMessage          `json:"examples"`
	Description string                     `json:"description"`
	limits
}

type reader struct {
	defs  map[string]json.RawMessage
	whole json.RawMessage
}

// read is a subschema; the zero rules if it is none, such as true.
func (r reader) read(raw json.RawMessage) rules {
	var s rules
	if json.Unmarshal(raw, &s) != nil {
		return rules{}
	}
	return r.resolve(s)
}

// resolve puts the definition that s refers to into its place.
func (r reader) resolve(s rules) rules {
	for range maxDepth {
		if s.Ref == "" {
			break
		}
		target := r.defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
		if s.Ref == "#" {
			target = r.whole
		}
		var t rules
		if json.Unmarshal(target, &t) != nil {
			break
		}
		if s.Description != "" {
			t.Description = s.Description
		}
		if s.Default != nil {
			t.Default = s.Default
		}
		s = t
	}
	return s
}

func (r reader) fields(s rules, depth int) []Field {
	if depth == 0 {
		return nil
	}
	var properties map[string]json.RawMessage
	if json.Unmarshal(s.Properties, &properties) != nil {
		return nil
	}
	var all []Field
	for _, name := range keys(s.Properties) {
		p := r.read(properties[name])
		form := r.form(p)
		f := Field{
			Name: name, Required: slices.Contains(s.Required, name), Needed: r.needs(s, name), Type: r.typeOf(p, depth), Bounds: r.bounds(form),
			Secret: r.isSecret(form), Default: compact(p.Default), Description: cmp.Or(p.Description, form.Description),
			Fields: r.fields(form, depth-1),
		}
		if !f.tells() {
			f.Default = ""
		} else {
			f.Examples = r.examples(p)
		}
		all = append(all, f)
	}
	return all
}

// needs reports whether an object of schema s has a field of that name in its smallest
// form.
func (r reader) needs(s rules, name string) bool {
	for _, choice := range [][]json.RawMessage{s.OneOf, s.AnyOf} {
		if len(choice) > 0 && slices.Contains(r.read(choice[0]).Required, name) {
			return true
		}
	}
	return slices.Contains(s.Required, name)
}

// examples are those of the schema, or a list of those of its items.
func (r reader) examples(s rules) []string {
	var all []string
	for _, example := range s.Examples[:min(len(s.Examples), mostExamples)] {
		all = append(all, compact(example))
	}
	if all == nil && s.Items != nil {
		var items []string
		for _, example := range r.read(s.Items).Examples {
			items = append(items, compact(example))
		}
		if items != nil {
			all = []string{"[" + strings.Join(items, ",") + "]"}
		}
	}
	return all
}

// tells reports whether a value of the field may be shown: there is no secret in it.
func (f Field) tells() bool {
	return !f.Secret && !slices.ContainsFunc(f.Fields, func(inner Field) bool { return !inner.tells() })
}

// form is the one form that a choice leaves beside null, or s itself.
func (r reader) form(s rules) rules {
	var forms []rules
	for _, branch := range slices.Concat(s.AnyOf, s.OneOf) {
		if form := r.read(branch); form.Type != "null" {
			forms = append(forms, form)
		}
	}
	if len(forms) == 1 {
		return forms[0]
	}
	return s
}

// isSecret reports whether there is a secret in a value, or in each of its items.
func (r reader) isSecret(s rules) bool {
	for range maxDepth {
		inner := s.Items
		if inner == nil {
			inner = s.Additional
		}
		if s.Secret == true || inner == nil {
			break
		}
		s = r.form(r.read(inner))
	}
	return s.Secret == true
}

// typeOf is the type in words.
func (r reader) typeOf(s rules, depth int) string {
	if depth == 0 {
		return "any"
	}
	if s.Const != nil {
		return plain(s.Const)
	}
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			values = append(values, plain(v))
		}
		return strings.Join(values, " | ")
	}
	switch t := s.Type.(type) {
	case string:
		return r.named(t, s, depth)
	case []any:
		var types []string
		for _, x := range t {
			types = append(types, r.named(fmt.Sprint(x), s, depth))
		}
		return strings.Join(types, " | ")
	}
	var types []string
	for _, branch := range slices.Concat(s.AnyOf, s.OneOf) {
		types = append(types, r.typeOf(r.read(branch), depth-1))
	}
	if types != nil {
		return strings.Join(slices.Compact(types), " | ")
	}
	return "any"
}

func (r reader) named(name string, s rules, depth int) string {
	switch {
	case name == "array" && s.Items != nil:
		return "list of " + r.typeOf(r.read(s.Items), depth-1)
	case name == "array":
		return "list"
	case name == "object" && s.Properties == nil && bytes.HasPrefix(s.Additional, []byte("{")):
		return "object of " + r.typeOf(r.read(s.Additional), depth-1)
	}
	return name
}

// keys are the keys of a JSON object in its order.
func keys(object json.RawMessage) []string {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil
	}
	var all []string
	for d.More() {
		key, err := d.Token()
		var skipped json.RawMessage
		if err != nil || d.Decode(&skipped) != nil {
			break
		}
		all = append(all, fmt.Sprint(key))
	}
	return all
}

// plain is a value as it is written on a command line: text without quotes.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		return text
	}
	return compact(raw)
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	return b.String()
}
