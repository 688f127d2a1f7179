package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/host/schema"
)

// UnknownKindError says that no kind of that name is in the catalog.
type UnknownKindError struct {
	Name    string
	Nearest string   // the most similar name, or ""
	Known   []string // all names, sorted
	Refused []Plugin // that cannot be used, as Err says: one of them may have it
}

func (e *UnknownKindError) Error() string {
	refused, reason := e.refused()
	switch {
	case refused != "" && refused == e.Name:
		return fmt.Sprintf("unknown kind %q%s; plugin %q cannot be used: %v", e.Name, e.known(), refused, reason)
	case e.Nearest != "":
		return fmt.Sprintf("unknown kind %q: did you mean %q? (known: %s)", e.Name, e.Nearest, strings.Join(e.Known, ", "))
	case refused != "":
		return fmt.Sprintf("unknown kind %q%s; a plugin cannot be used, perhaps the one that has it: %q: %v", e.Name, e.known(), refused, reason)
	case len(e.Known) > 0:
		return fmt.Sprintf("unknown kind %q%s", e.Name, e.known())
	default:
		return fmt.Sprintf("unknown kind %q: the catalog is empty; name a plugin directory or register kinds", e.Name)
	}
}

func (e *UnknownKindError) known() string {
	if len(e.Known) == 0 {
		return ""
	}
	return " (known: " + strings.Join(e.Known, ", ") + ")"
}

// refused is the plugin that most likely has it, and why that cannot be used, or "".
func (e *UnknownKindError) refused() (plugin string, reason error) {
	if len(e.Refused) == 0 {
		return "", nil
	}
	i := slices.IndexFunc(e.Refused, func(p Plugin) bool { return p.Name == e.Name })
	p := e.Refused[max(i, 0)]
	return p.Name, p.Err
}

// AmbiguousKindError says that more than one plugin offers the kind.
type AmbiguousKindError struct {
	Name    string
	Plugins []string // sorted; [BuiltIn] stands for the host's own program
}

func (e *AmbiguousKindError) Error() string {
	qualified := make([]string, len(e.Plugins))
	for i, p := range e.Plugins {
		qualified[i] = p + "/" + e.Name
	}
	return fmt.Sprintf("kind %q is offered by %s: write %s",
		e.Name, strings.Join(e.Plugins, " and "), strings.Join(qualified, " or "))
}

// ConfigError says that a config does not fit its kind's schema.
type ConfigError struct {
	Kind     string
	Problems []schema.Problem // at least one
}

func (e *ConfigError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return fmt.Sprintf("config of kind %q: %s", e.Kind, strings.Join(texts, "; "))
}

// decode reads a config's JSON with its numbers exact; empty reads as {}.
func decode(config json.RawMessage) (any, error) {
	if len(bytes.TrimSpace(config)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("the config is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the config has text after its JSON value")
	}
	return value, nil
}
