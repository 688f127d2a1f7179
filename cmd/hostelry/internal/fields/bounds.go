package fields

import (
	"encoding/json"
	"fmt"
)

// limits are the rules that bound a value.
type limits struct {
	Minimum     json.RawMessage `json:"minimum"`
	Maximum     json.RawMessage `json:"maximum"`
	Above       json.RawMessage `json:"exclusiveMinimum"`
	Below       json.RawMessage `json:"exclusiveMaximum"`
	MultipleOf  json.RawMessage `json:"multipleOf"`
	MinLength   json.RawMessage `json:"minLength"`
	MaxLength   json.RawMessage `json:"maxLength"`
	MinItems    json.RawMessage `json:"minItems"`
	MaxItems    json.RawMessage `json:"maxItems"`
	UniqueItems bool            `json:"uniqueItems"`
	Pattern     string          `json:"pattern"`
}

// bounds are the limits of a value in words, and those of each of its items.
func (r reader) bounds(s rules) []string {
	all := s.words()
	if s.Items != nil {
		for _, bound := range r.form(r.read(s.Items)).words() {
			all = append(all, "each "+bound)
		}
	}
	return all
}

func (l limits) words() []string {
	var all []string
	add := func(bound string) {
		if bound != "" {
			all = append(all, bound)
		}
	}
	add(between(l.Minimum, l.Maximum, ""))
	if l.Above != nil {
		add("more than " + compact(l.Above))
	}
	if l.Below != nil {
		add("less than " + compact(l.Below))
	}
	if l.MultipleOf != nil {
		add("a multiple of " + compact(l.MultipleOf))
	}
	add(between(l.MinLength, l.MaxLength, " character"))
	add(between(l.MinItems, l.MaxItems, " item"))
	if l.UniqueItems {
		add("no item twice")
	}
	if l.Pattern != "" {
		add("matching " + l.Pattern)
	}
	return all
}

// between is "1 to 9 items", "at least 1 item", "at most 9 items", "1 item", or "".
func between(low, high json.RawMessage, unit string) string {
	least, most := compact(low), compact(high)
	count := func(n string) string {
		if unit == "" || n == "1" {
			return n + unit
		}
		return n + unit + "s"
	}
	switch {
	case least == "" && most == "":
		return ""
	case most == "":
		return "at least " + count(least)
	case least == "":
		return "at most " + count(most)
	case least == most:
		return count(most)
	default:
		return fmt.Sprintf("%s to %s", least, count(most))
	}
}
