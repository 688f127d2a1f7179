package task

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Kind is a named constructor of tasks with a typed config. It is a value: the
// same one can be served by a plugin's main or registered in an embedder's
// catalog. Make it with [NewKind]; the zero Kind is not valid.
type Kind struct {
	name        string
	description string
	config      reflect.Type
	make        func(json.RawMessage) (Task, error)
}

// NewKind ties a name to a typed config C and to the function that makes a Task
// of it. The name is 1 to 64 lower-case letters, digits and inner hyphens, and
// begins with a letter; [Kind.Validate] says so of others.
//
// C is a struct (or struct{} for a kind without config). Its JSON Schema derives
// from its fields and their json and jsonschema tags, which are read as
// github.com/invopop/jsonschema reads them:
//
//		type Config struct {
//			Root  string   `json:"root"            jsonschema:"minLength=1,description=the directory to hash"`
//			Port  int      `json:"port,omitempty"  jsonschema:"minimum=1,maximum=65535,default=8080,example=80"`
//			Level string   `json:"level,omitempty" jsonschema:"enum=low,enum=high,default=low"`
//			Name  string   `json:"name,omitempty"  jsonschema:"pattern=^\\w{1\\,8}$"`
//			Tags  []string `json:"tags,omitempty"  jsonschema:"maxItems=3,default=a,default=b,maxLength=9"`
//			Token string   `json:"token"           jsonschema_extras:"secret=true"`
//		}
//
//	  - A field without omitempty or omitzero is required, and so is one whose tag says
//	    "required".
//	  - A default is what the host puts in the place of a field that the config leaves
//	    out, so that the task sees it in every mode, and C as a host's Go value too: a
//	    field with omitempty that is zero is left out. Where zero differs from nothing,
//	    let the field be a pointer. A required field has no default.
//	  - Of a list, minItems, maxItems, uniqueItems and the defaults together are the
//	    list's, and the other keywords each item's.
//	  - A struct with defaults in it that may be left out, and in which nothing is
//	    required, is there with its defaults; a pointer to one, left out, is nil. The
//	    defaults of a list's items and a map's values are those of the items that are
//	    there.
//	  - A secret is a string, or a list or map of them. Hosts mask it in what the task
//	    says; it has no default.
//	  - In a value a comma has two backslashes before it, and a backslash is two, as in
//	    the pattern above. A tag jsonschema_description takes a text with commas.
//
// A tag that the library would drop or misread is an error that names the field and
// the tag, where the plugin describes itself or the host registers the kind: a
// keyword that there is not, or not for the field's type, a bound that is no number, a
// bad escape, a default that the field or its own rules refuse, two fields of a name.
//
// A time.Duration is a number of nanoseconds in JSON: take a string and
// time.ParseDuration, so that users can write 5s.
//
// newTask is called once per attempt, with a config that decoded strictly; an error
// from it is an [ErrBadConfig].
func NewKind[C any](name string, newTask func(config C) (Task, error), opts ...KindOption) Kind {
	k := Kind{name: name, config: reflect.TypeFor[C]()}
	if newTask != nil {
		k.make = maker(name, newTask)
	}
	for _, opt := range opts {
		opt(&k)
	}
	return k
}

// KindOption is an option of [NewKind].
type KindOption func(*Kind)

// WithDescription says in one line what the kind's tasks do. Users read it in
// `hostelry plugin show` and when they start a plugin by hand. The default is none.
func WithDescription(text string) KindOption { return func(k *Kind) { k.description = text } }

// Name is the name given to [NewKind].
func (k Kind) Name() string { return k.name }

// Description is the text given to [WithDescription], or "".
func (k Kind) Description() string { return k.description }

// ConfigType is the Go type of the kind's config. Hosts and the plugin SDK
// derive the config's JSON Schema from it.
func (k Kind) ConfigType() reflect.Type { return k.config }

// Validate reports what is wrong with the kind itself: a name that is not
// allowed, a config type that is not a struct, a constructor that is missing.
// Hosts and the plugin SDK call it once when the kind is registered.
func (k Kind) Validate() error {
	switch {
	case k.config == nil:
		return errors.New("task kind is empty: make it with task.NewKind")
	case ValidateName(k.name) != nil:
		return ValidateName(k.name)
	case k.config.Kind() != reflect.Struct:
		return fmt.Errorf("task kind %q: its config type %v is not a struct", k.name, k.config)
	case k.make == nil:
		return fmt.Errorf("task kind %q has no constructor: give task.NewKind a function that makes its tasks", k.name)
	}
	return nil
}

// ValidateName reports what is wrong with a kind's or a plugin's name.
func ValidateName(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyz" // a regexp would compile at each start of each plugin, for 0.1 ms
	switch {
	case name == "", len(name) > 64, strings.Trim(name, letters+"0123456789-") != "",
		!strings.Contains(letters, name[:1]), strings.HasSuffix(name, "-"):
		return fmt.Errorf("name %q: use 1 to 64 of a-z, 0-9 and inner hyphens, beginning with a letter", name)
	}
	return nil
}

// New makes a Task for one attempt. config is a JSON object; empty or null reads
// as {}. It decodes strictly: an unknown field, a wrong type or text after the
// object is an error that wraps [ErrBadConfig], and so is what the kind's own
// constructor refuses. Hosts and the plugin SDK call it, once an attempt.
func (k Kind) New(config json.RawMessage) (Task, error) { return k.make(config) }

// Maker is New as a function, for hosts that have a task begin on a small stack: New
// itself has a copy of the Kind there.
func (k Kind) Maker() func(config json.RawMessage) (Task, error) { return k.make }

// maker is the function that makes tasks. With a config of {} it is quick, if that is
// the zero C: to decode it takes as long as all else that an attempt needs, and doubles
// the stack of a goroutine that then may wait for days.
func maker[C any](kind string, newTask func(C) (Task, error)) func(json.RawMessage) (Task, error) {
	zero := decodesToZero(reflect.TypeFor[C]())
	return func(raw json.RawMessage) (Task, error) {
		var config C
		if !zero || string(raw) != "{}" {
			var err error
			if config, err = decodeStrict[C](raw); err != nil {
				return nil, badConfig(kind, err)
			}
		}
		t, err := newTask(config)
		if err != nil || t == nil {
			return nil, badConfig(kind, err)
		}
		return t, nil
	}
}

// badConfig is why there is no task: err, or nil if the kind's constructor gave none.
//
//go:noinline
func badConfig(kind string, err error) error {
	if err == nil {
		err = errors.New("the kind made no task")
	}
	return fmt.Errorf("%w for kind %q: %w", ErrBadConfig, kind, err)
}

// decodesToZero reports whether {} leaves a t as it is: it is a struct that does not
// decode itself.
func decodesToZero(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t.Kind() == reflect.Struct && !p.Implements(reflect.TypeFor[json.Unmarshaler]()) &&
		!p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

//go:noinline
func decodeStrict[C any](raw json.RawMessage) (config C, err error) {
	if len(bytes.TrimSpace(raw)) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		raw = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&config); err != nil {
		return config, err
	}
	if _, err := d.Token(); err != io.EOF {
		return config, errors.New("text after the JSON object")
	}
	return config, nil
}
