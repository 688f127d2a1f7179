// Package fields reads the fields of a kind's config out of its JSON Schema, for
// people: in the schema's order, with types in words.
package fields

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Field is a field of a config.
type Field struct {
	Name        string
	Required    bool
	Type        string // in words: "list of string"
	Default     string // as JSON, or ""
	Example     string // as JSON, or ""
	Description string
	Fields      []Field // of an object
}

// maxDepth bounds how far nested objects are followed: a schema may be recursive.
const maxDepth = 4

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
	if f.Default != "" {
		facts = append(facts, "default "+f.Default)
	}
	if f.Example != "" {
		facts = append(facts, "such as "+f.Example)
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
	Enum        []any                      `json:"enum"`
	Items       json.RawMessage            `json:"items"`
	AnyOf       []json.RawMessage          `json:"anyOf"`
	OneOf       []json.RawMessage          `json:"oneOf"`
	Properties  json.RawMessage            `json:"properties"`
	Additional  json.RawMessage            `json:"additionalProperties"`
	Required    []string                   `json:"required"`
	Default     json.RawMessage            `json:"default"`
	Examples    []json.RawMessage          `json:"examples"`
	Description string                     `json:"description"`
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
		f := Field{
			Name: name, Required: slices.Contains(s.Required, name), Type: r.typeOf(p, depth),
			Default: compact(p.Default), Description: p.Description, Fields: r.fields(p, depth-1),
		}
		if len(p.Examples) > 0 && f.Default == "" {
			f.Example = compact(p.Examples[0])
		}
		all = append(all, f)
	}
	return all
}

// typeOf is the type in words.
func (r reader) typeOf(s rules, depth int) string {
	if depth == 0 {
		return "any"
	}
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprint(v))
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

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	return b.String()
}
