package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// explain tells a person who started the plugin by hand what it is.
func explain(w io.Writer, file string, d wire.Description) {
	fmt.Fprintf(w, "%s %s is a Hostelry plugin: a host starts it, it does nothing by itself.\n", d.Name, d.Version)
	fmt.Fprintln(w, "\nIt offers:")
	for _, k := range d.Kinds {
		fmt.Fprintf(w, "  %s  %s\n", k.Name, k.Description)
		explainConfig(w, k.ConfigSchema)
	}
	dir := filepath.Dir(file)
	fmt.Fprintln(w, "\nTo run one:")
	fmt.Fprintf(w, "  hostelry plugin show --plugins %s %s\n", dir, d.Kinds[0].Name)
	fmt.Fprintf(w, "  hostelry run --plugins %s %s --set KEY=VALUE\n", dir, d.Kinds[0].Name)
}

// explainConfig prints a line for each field of a kind's config.
func explainConfig(w io.Writer, raw json.RawMessage) {
	var s struct {
		Properties map[string]struct {
			Type        any    `json:"type"`
			Description string `json:"description"`
			Default     any    `json:"default"`
			Enum        []any  `json:"enum"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	if json.Unmarshal(raw, &s) != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		line := fmt.Sprintf("      %s (%v", name, p.Type)
		if slices.Contains(s.Required, name) {
			line += ", required"
		}
		if p.Default != nil {
			line += fmt.Sprintf(", default %v", p.Default)
		}
		if p.Enum != nil {
			line += fmt.Sprintf(", one of %v", p.Enum)
		}
		line += ")"
		if p.Description != "" {
			line += "  " + p.Description
		}
		fmt.Fprintln(w, line)
	}
}
