package schema

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// report turns the library's tree of errors into a list of problems.
type report struct {
	value    any    // the whole value that was checked
	whole    string // what it is called: "the value"
	source   source
	secrets  func() [][]string // the paths of what must not be shown; nil for none
	problems []Problem
}

// add adds the problems of e and of what is below it.
func (r *report) add(e *jsonschema.ValidationError) {
	switch k := e.ErrorKind.(type) {
	case *kind.PropertyNames: // its place is not reliable; badName reports it
	case *badName:
		r.addName(e, k.Property)
	case *kind.AnyOf, *kind.Contains, *kind.MinContains:
		r.addBranches(e)
	case *kind.OneOf:
		if names := r.source.exclusive(e.SchemaURL, k.Subschemas); names != nil {
			r.say(e, "fields %q and %q exclude each other: give one of them", names[0], names[1])
			return
		}
		if len(k.Subschemas) > 0 {
			r.say(e, "%s fits more than one of the forms that exclude each other", r.named(e.InstanceLocation))
			return
		}
		r.addBranches(e)
	case *kind.Required:
		r.addMissing(e, k.Missing)
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			r.addUnknown(e, name, r.source.fields(e.SchemaURL))
		}
	default:
		if len(e.Causes) == 0 {
			r.say(e, "%s", r.words(e))
		}
		for _, cause := range e.Causes {
			r.add(cause)
		}
	}
}

// say adds one problem with the value at e's place.
func (r *report) say(e *jsonschema.ValidationError, format string, args ...any) {
	_, key := e.ErrorKind.(*kind.FalseSchema)
	r.problems = append(r.problems, Problem{
		Path: e.InstanceLocation, Key: key, Message: fmt.Sprintf(format, args...),
	})
}

// sorted is the problems in order, each once.
func (r *report) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return comparePaths(a.Path, b.Path) })
	return slices.CompactFunc(r.problems, func(a, b Problem) bool {
		return a.Message == b.Message && slices.Equal(a.Path, b.Path)
	})
}

// addMissing adds the required fields that the object at e's place lacks.
func (r *report) addMissing(e *jsonschema.ValidationError, names []string) {
	for _, name := range names {
		r.problems = append(r.problems, Problem{
			Path: e.InstanceLocation, Key: true,
			Message: fmt.Sprintf("missing required field %q", name),
		})
	}
}

// addUnknown adds a field that the object at e's place must not have.
func (r *report) addUnknown(e *jsonschema.ValidationError, name string, known []string) {
	message := fmt.Sprintf("unknown field %q", name)
	switch nearest := Nearest(name, known); {
	case nearest != "":
		message += fmt.Sprintf(": did you mean %q? (known: %s)", nearest, list(known))
	case len(known) > 0:
		message += fmt.Sprintf(" (known: %s)", list(known))
	default:
		message += ": no field is allowed here"
	}
	r.problems = append(r.problems, Problem{
		Path: slices.Concat(e.InstanceLocation, []string{name}), Key: true, Message: message,
	})
}

// addName adds what is wrong with the name of a field.
func (r *report) addName(e *jsonschema.ValidationError, name string) {
	inner := report{value: name, whole: "the field's name", source: r.source}
	for _, cause := range e.Causes {
		inner.add(cause)
	}
	for _, p := range inner.sorted() {
		r.problems = append(r.problems, Problem{
			Path: slices.Concat(e.InstanceLocation, []string{name}), Key: true,
			Message: p.Message,
		})
	}
}

// addBranches adds the problems of the branch that the value comes nearest to. A
// value that is of no branch's type gets one problem that lists the types.
func (r *report) addBranches(e *jsonschema.ValidationError) {
	var types, values, missing []string
	var best *report
	for _, cause := range e.Causes {
		if t, ok := typeAt(cause, len(e.InstanceLocation)); ok {
			types = append(types, t...)
			continue
		}
		if k, ok := cause.ErrorKind.(*kind.Const); ok && len(cause.InstanceLocation) == len(e.InstanceLocation) {
			values = append(values, show(k.Want))
		}
		if k, ok := cause.ErrorKind.(*kind.Required); ok && len(k.Missing) == 1 && len(cause.InstanceLocation) == len(e.InstanceLocation) {
			missing = append(missing, k.Missing[0])
		}
		branch := &report{value: r.value, whole: r.whole, source: r.source, secrets: r.secrets}
		branch.add(cause)
		if best == nil || branch.distance(e.InstanceLocation) < best.distance(e.InstanceLocation) {
			best = branch
		}
	}
	switch {
	case len(missing) > 1 && len(missing) == len(e.Causes):
		r.problems = append(r.problems, Problem{
			Path: e.InstanceLocation, Key: true,
			Message: "missing required field: one of " + list(missing),
		})
	case len(types) > 0 && len(values) == 1 && best.distance(e.InstanceLocation) == 3:
		r.say(e, "%s is %s: expected %s or %s", r.named(e.InstanceLocation), r.show(e.InstanceLocation), typeWords(types), values[0])
	case best != nil:
		r.problems = append(r.problems, best.problems...)
	case len(types) > 0:
		r.say(e, "%s is %s: expected %s", r.named(e.InstanceLocation), r.show(e.InstanceLocation), typeWords(types))
	default:
		r.say(e, "%s is %s: it fits none of the allowed forms", r.named(e.InstanceLocation), r.show(e.InstanceLocation))
	}
}

// distance says how far a branch is from what was meant. Problems deeper in the
// value weigh less than those at its top.
func (r *report) distance(top []string) int {
	sum := 0
	for _, p := range r.problems {
		if len(p.Path) > len(top) && !p.Key {
			sum += 2
		} else {
			sum += 3
		}
	}
	return sum
}

// typeAt reports the types that e wants of the value at the given depth, if that
// is all that e says.
func typeAt(e *jsonschema.ValidationError, depth int) ([]string, bool) {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return k.Want, len(e.InstanceLocation) == depth
	case *kind.Reference, *kind.Group, *kind.AllOf:
		if len(e.Causes) == 1 {
			return typeAt(e.Causes[0], depth)
		}
	}
	return nil, false
}

// isSecret reports whether the value at path is secret, or in one that is.
func (r *report) isSecret(path []string) bool {
	return r.secrets != nil && slices.ContainsFunc(r.secrets(), func(secret []string) bool {
		return len(secret) <= len(path) && slices.Equal(secret, path[:len(secret)])
	})
}

// show writes the value at path shortly.
func (r *report) show(path []string) string {
	if r.isSecret(path) {
		return "***"
	}
	return show(r.at(path))
}

// at is the value at path, or nil.
func (r *report) at(path []string) any {
	v := r.value
	for _, key := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}
