// Package docs writes what a plugin says of itself as Markdown. What comes from the
// plugin is foreign text, and is shown, never interpreted.
package docs

import (
	"fmt"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/fields"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Markdown is the page of a plugin: each kind with a table of its config's fields and
// a task for a job file, in the plugin's own order.
func Markdown(d wire.Description) string {
	lines := []string{"# " + prose(fmt.Sprintf("Plugin %s %s", d.Name, d.Version))}
	for _, k := range d.Kinds {
		lines = append(lines, kind(d.Name, k)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// kind is the section of one kind.
func kind(plugin string, k wire.KindDescription) []string {
	lines := []string{"", "## " + prose("Kind "+k.Name)}
	if text := prose(k.Description); text != "" {
		lines = append(lines, "", text)
	}
	all := fields.Of(k.ConfigSchema)
	if len(all) == 0 {
		lines = append(lines, "", "Its schema names no fields of a config.")
	} else {
		lines = append(lines, "", "| Field | Type | Required | Default | Constraints | Description |", "|---|---|---|---|---|---|")
		lines = append(lines, rows("", all)...)
	}
	lines = append(lines, "", "In a job file:", "", "```yaml", "plugins:")
	lines = append(lines, comment("  dir: plugins", "holds "+catalog.Prefix+plugin), "tasks:")
	return append(append(lines, example(k.Name, all)...), "```")
}

// rows are those of the fields, and of the fields in them.
func rows(path string, all []fields.Field) []string {
	var lines []string
	for _, f := range all {
		required := ""
		if f.Required {
			required = "yes"
		}
		cells := []string{
			code(path + f.Name), prose(f.Type), required, code(f.Default), prose(strings.Join(constraints(f), ", ")), description(f),
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
		lines = append(lines, rows(path+f.Name+".", f.Fields)...)
	}
	return lines
}

// constraints are the field's bounds in words, and whether it is a secret.
func constraints(f fields.Field) []string {
	if f.Secret {
		return append([]string{"secret"}, f.Bounds...)
	}
	return f.Bounds
}

// description is the field's, and its examples.
func description(f fields.Field) string {
	text := prose(f.Description)
	var examples []string
	for _, example := range f.Examples {
		examples = append(examples, code(example))
	}
	if examples != nil {
		text = strings.TrimSpace(text + " (such as " + strings.Join(examples, " or ") + ")")
	}
	return text
}
