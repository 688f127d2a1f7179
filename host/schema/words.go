package schema

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// words says in plain words what e, a leaf, is about.
func (r *report) words(e *jsonschema.ValidationError) string {
	name, got := r.named(e.InstanceLocation), r.show(e.InstanceLocation)
	example := r.source.example(e.SchemaURL)
	if r.isSecret(e.InstanceLocation) {
		example = ""
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return fmt.Sprintf("%s is %s: expected %s%s", name, got, typeWords(k.Want), example)
	case *kind.Enum:
		return r.choice(e.InstanceLocation, k.Want)
	case *kind.Const:
		return fmt.Sprintf("%s is %s: expected %s", name, got, show(k.Want))
	case *kind.FalseSchema:
		if n := len(e.InstanceLocation); n > 0 {
			return fmt.Sprintf("field %q is not allowed here", e.InstanceLocation[n-1])
		}
		return "no value is allowed here"
	case *kind.Pattern:
		return fmt.Sprintf("%s is %s: expected %s%s", name, got, r.source.form(e.SchemaURL, k.Want), example)
	case *kind.Not:
		return fmt.Sprintf("%s is %s: that is not allowed", name, got)
	case *kind.UniqueItems:
		return fmt.Sprintf("%s has the same item twice, at %d and %d (counted from 1)", name, k.Duplicates[0]+1, k.Duplicates[1]+1)
	case *kind.Dependency:
		return fmt.Sprintf("field %q needs %s beside it", k.Prop, list(k.Missing))
	case *kind.DependentRequired:
		return fmt.Sprintf("field %q needs %s beside it", k.Prop, list(k.Missing))
	case *kind.RefCycle:
		return "its schema refers to itself without end: tell its author"
	case *kind.InvalidJsonValue:
		return fmt.Sprintf("%s is not a JSON value", name)
	}
	if bound := boundWords(e.ErrorKind); bound != "" {
		return fmt.Sprintf("%s is %s: expected %s", name, got, bound)
	}
	if r.isSecret(e.InstanceLocation) { // the library's words may show it
		return fmt.Sprintf("%s is %s: it does not fit its schema", name, got)
	}
	return name + ": " + e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
}

// boundWords says what a violated limit expects, or "" for another error.
func boundWords(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Minimum:
		return "at least " + number(k.Want)
	case *kind.Maximum:
		return "at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "more than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "less than " + number(k.Want)
	case *kind.MultipleOf:
		return "a multiple of " + number(k.Want)
	case *kind.MinLength:
		return "at least " + count(k.Want, "character")
	case *kind.MaxLength:
		return "at most " + count(k.Want, "character")
	case *kind.MinItems:
		return fmt.Sprintf("at least %s, not %d", count(k.Want, "item"), k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("at most %s, not %d", count(k.Want, "item"), k.Got)
	case *kind.MinProperties:
		return fmt.Sprintf("at least %s, not %d", count(k.Want, "field"), k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("at most %s, not %d", count(k.Want, "field"), k.Got)
	case *kind.MaxContains:
		return fmt.Sprintf("at most %s of that form", count(k.Want, "item"))
	}
	return ""
}

// choice says that the value at path is none of those allowed.
func (r *report) choice(path []string, want []any) string {
	got := r.at(path)
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = plain(w)
	}
	text := fmt.Sprintf("%s %s is not one of %s", strings.Trim(r.named(path), `"`), r.show(path), list(names))
	if s, ok := got.(string); ok && !r.isSecret(path) {
		if nearest := Nearest(s, names); nearest != "" {
			text += fmt.Sprintf(": did you mean %q?", nearest)
		}
	}
	return text
}

// named names the value at path by its last key.
func (r *report) named(path []string) string {
	n := len(path)
	if n == 0 {
		return r.whole
	}
	if _, isList := r.at(path[:n-1]).([]any); isList {
		i, _ := strconv.Atoi(path[n-1])
		if n == 1 {
			return fmt.Sprintf("item %d", i+1)
		}
		return fmt.Sprintf("item %d of %s", i+1, r.named(path[:n-1]))
	}
	return strconv.Quote(path[n-1])
}

// typeWords lists JSON types as words, each once.
func typeWords(types []string) string {
	words := map[string]string{
		"null": "nothing (null)", "boolean": "true or false", "number": "a number",
		"integer": "a whole number", "string": "a string", "array": "a list", "object": "an object",
	}
	var all []string
	for _, t := range types {
		if w := words[t]; w != "" && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return strings.Join(all, " or ")
}

// show writes a value shortly, so that it fits into a message of one line.
func show(v any) string {
	const most = 48
	var text string
	switch x := v.(type) {
	case nil:
		return "empty (null)"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		if runes := []rune(x); len(runes) > most {
			return strconv.Quote(string(runes[:most])) + "..."
		}
		return strconv.Quote(x)
	default:
		text = fmt.Sprint(x)
	}
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}

// plain is show without quotes around text.
func plain(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	return show(v)
}

// number writes a limit as people do.
func number(r *big.Rat) string {
	if r.IsInt() {
		return r.RatString()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// list joins names with commas, and leaves out what is too much to read.
func list(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
