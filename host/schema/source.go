package schema

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// source is what a schema's own text says beside its rules, by JSON pointer.
type source struct {
	order    map[string][]string // an object's keys, as written
	examples map[string]string   // a schema's first example
	titles   map[string]string   // a schema's title
	required map[string][]string // a schema's required fields
}

// newSource reads a schema that is known to be JSON.
func newSource(raw json.RawMessage, doc any) source {
	s := source{order: map[string][]string{}, examples: map[string]string{}, titles: map[string]string{}, required: map[string][]string{}}
	s.read(json.NewDecoder(bytes.NewReader(raw)), doc, "")
	return s
}

// read reads the value v at pointer, of which d gives the text.
func (s source) read(d *json.Decoder, v any, pointer string) {
	token, err := d.Token()
	if err != nil {
		return
	}
	switch token {
	case json.Delim('{'):
		object, _ := v.(map[string]any)
		if all, _ := object["examples"].([]any); len(all) > 0 {
			s.examples[pointer] = show(all[0])
		}
		if title, _ := object["title"].(string); title != "" {
			s.titles[pointer] = title
		}
		if names, _ := object["required"].([]any); len(names) > 0 {
			s.required[pointer] = texts(names)
		}
		for d.More() {
			token, _ := d.Token()
			key, _ := token.(string)
			s.order[pointer] = append(s.order[pointer], key)
			s.read(d, object[key], pointer+"/"+escapeKey(key))
		}
		_, _ = d.Token()
	case json.Delim('['):
		items, _ := v.([]any)
		for i, item := range items {
			s.read(d, item, pointer+"/"+strconv.Itoa(i))
		}
		_, _ = d.Token()
	}
}

// fields are the names under "properties" of the schema at a location of the
// library, as written.
func (s source) fields(at string) []string { return s.order[pointerOf(at)+"/properties"] }

// example is `, such as "5s"` if the schema at a location has an example, else "".
func (s source) example(at string) string {
	if text := s.examples[pointerOf(at)]; text != "" {
		return ", such as " + text
	}
	return ""
}

// form is what a text must be by the schema at a location: its title, as "a duration",
// or else that it matches the pattern.
func (s source) form(at, pattern string) string {
	if title := s.titles[pointerOf(at)]; title != "" {
		return title
	}
	return "text that matches " + pattern
}

// exclusive are the fields that the branches of the "oneOf" at a location require,
// of those with the given indexes; nil if one of them requires not one field.
func (s source) exclusive(at string, branches []int) []string {
	var names []string
	for _, i := range branches {
		one := s.required[pointerOf(at)+"/oneOf/"+strconv.Itoa(i)]
		if len(one) != 1 {
			return nil
		}
		names = append(names, one[0])
	}
	return names
}

// texts are the strings in a list.
func texts(list []any) []string {
	var all []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// pointerOf is the JSON pointer in a location of the library.
func pointerOf(at string) string {
	_, fragment, _ := strings.Cut(at, "#")
	if pointer, err := url.PathUnescape(fragment); err == nil {
		return pointer
	}
	return fragment
}

func escapeKey(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
