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

// explain tells a person who started the plugin what it is and can do.
func (c *command) explain(w io.Writer) {
	d, file, dir := c.description, c.file, filepath.Dir(c.file)
	if path, err := exec.LookPath(file); err == nil { // called by a name on PATH
		dir = filepath.Dir(path)
	}
	kind := d.Kinds[0].Name
	fmt.Fprintf(w, "%s %s is a Hostelry plugin: a host starts it, and runs tasks in it.\n\nIt offers:\n", d.Name, d.Version)
	explainKinds(w, d)
	fmt.Fprintf(w, `
To run one by a host:
  hostelry plugin show --plugins %[1]s %[2]s
  hostelry run --plugins %[1]s %[2]s --set KEY=VALUE

To run one in this one process, for a debugger, profiler or tracer; Ctrl-C stops it:
  %[3]s run %[2]s --set KEY=VALUE

To serve hosts that somebody else starts, under a debugger; it says what to tell them:
  %[3]s serve --attach

To see what it offers, for programs as JSON:
  %[3]s describe [--json]

Each has --help.
`, dir, kind, file)
}

// explainKinds says which kinds there are, with their configs.
func explainKinds(w io.Writer, d wire.Description) {
	for _, k := range d.Kinds {
		fmt.Fprintln(w, strings.TrimRight("  "+k.Name+"  "+k.Description, " "))
		explainConfig(w, k.ConfigSchema)
	}
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
