package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// explain tells a person who started the plugin by hand what it is. file is what
// the person called, perhaps by a name on PATH.
func explain(w io.Writer, file string, d wire.Description) {
	fmt.Fprintf(w, "%s %s is a Hostelry plugin: a host starts it, it does nothing by itself.\n", d.Name, d.Version)
	fmt.Fprintln(w, "\nIt offers:")
	for _, k := range d.Kinds {
		fmt.Fprintln(w, strings.TrimRight("  "+k.Name+"  "+k.Description, " "))
		explainConfig(w, k.ConfigSchema)
	}
	if path, err := exec.LookPath(file); err == nil {
		file = path
	}
	dir := filepath.Dir(file)
	fmt.Fprintln(w, "\nTo run one:")
	fmt.Fprintf(w, "  hostelry plugin show --plugins %s %s\n", dir, d.Kinds[0].Name)
	fmt.Fprintf(w, "  hostelry run --plugins %s %s --set KEY=VALUE\n", dir, d.Kinds[0].Name)
}

// explainConfig prints a line for each field of a kind's config.
func explainConfig(w io.Writer, raw json.RawMessage) {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if json.Unmarshal(raw, &s) != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		f := readField(s.Properties[name])
		line := fmt.Sprintf("      %s (%s", name, f.types())
		if slices.Contains(s.Required, name) {
			line += ", required"
		}
		line += f.bounds()
		if f.Default != nil {
			line += fmt.Sprintf(", default %v", f.Default)
		}
		if f.Enum != nil {
			line += fmt.Sprintf(", one of %v", f.Enum)
		}
		line += ")"
		if f.Description != "" {
			line += "  " + f.Description
		}
		fmt.Fprintln(w, line)
	}
}

// field is what the schema of a field tells a person.
type field struct {
	Type        any     `json:"type"`
	Description string  `json:"description"`
	Default     any     `json:"default"`
	Enum        []any   `json:"enum"`
	OneOf       []field `json:"oneOf"`
	AnyOf       []field `json:"anyOf"`
	Secret      any     `json:"secret"`
	Minimum     any     `json:"minimum"`
	Maximum     any     `json:"maximum"`
	Pattern     any     `json:"pattern"`
	Examples    []any   `json:"examples"`
}

// bounds are what else is to be known of a value, but for the examples of a secret.
func (f field) bounds() string {
	var text string
	for _, bound := range []struct {
		name  string
		value any
	}{{"minimum", f.Minimum}, {"maximum", f.Maximum}, {"pattern", f.Pattern}} {
		if bound.value != nil {
			text += fmt.Sprintf(", %s %v", bound.name, bound.value)
		}
	}
	if f.Secret == true {
		return text + ", secret"
	}
	if len(f.Examples) > 0 {
		text += fmt.Sprintf(", such as %v", f.Examples[0])
	}
	return text
}

// readField reads a schema, which may be true: then it tells nothing.
func readField(raw json.RawMessage) field {
	var f field
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // to be printed as it was written
	if d.Decode(&f) != nil {
		return field{}
	}
	return f
}

// types is "string", "string or integer", or "any".
func (f field) types() string {
	var all []string
	for _, branch := range slices.Concat(f.OneOf, f.AnyOf) {
		all = append(all, branch.types())
	}
	switch t := f.Type.(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			all = append(all, fmt.Sprint(one))
		}
	}
	if len(all) == 0 || slices.Contains(all, "any") {
		return "any"
	}
	return strings.Join(all, " or ")
}
