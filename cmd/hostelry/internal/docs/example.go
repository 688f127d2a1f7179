package docs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/fields"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
)

// placeholder stands for a value that nobody but the user knows.
const placeholder = "VALUE"

// example is a task of the kind with the fields that it must have. Each line is
// indented so far that it cannot end the block of code.
func example(kind string, all []fields.Field) []string {
	lines := []string{"  " + scalar(kind) + ":", "    kind: " + scalar(kind)}
	if config := settings("      ", all); config != nil {
		lines = append(append(lines, "    config:"), config...)
	}
	return lines
}

// settings are the fields that are needed, with the defaults and examples of the schema.
func settings(indent string, all []fields.Field) []string {
	var lines []string
	for _, f := range all {
		if !f.Needed {
			continue
		}
		key := indent + scalar(f.Name) + ":"
		value := f.Default
		if value == "" && len(f.Examples) > 0 {
			value = f.Examples[0]
		}
		switch inner := settings(indent+"  ", f.Fields); {
		case f.Secret && f.Type == "string":
			lines = append(lines, comment(key+" {env: "+placeholder+"}", "secret: an environment variable"))
		case value != "":
			lines = append(lines, key+" "+terminal.Clean(value))
		case inner != nil:
			lines = append(append(lines, key), inner...)
		case len(f.Fields) > 0:
			lines = append(lines, key+" {}")
		default:
			lines = append(lines, comment(key+" "+placeholder, f.Type))
		}
	}
	return lines
}

// word is text that YAML takes for itself, but for the reserved words.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// reserved are words that a YAML parser may take for something else.
var reservedNames = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// scalar is text in YAML.
func scalar(text string) string {
	if word.MatchString(text) && !slices.Contains(reservedNames, strings.ToLower(text)) {
		return text
	}
	return strconv.Quote(text)
}

// comment is a line with a comment.
func comment(line, text string) string {
	return line + " # " + terminal.Clean(strings.Join(strings.Fields(text), " "))
}
