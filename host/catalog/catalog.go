// Package catalog is the kinds of task that a host knows: those registered in the
// host's own program, and those of the plugins in a directory.
//
// An embedder makes a Catalog, registers kinds, loads a plugin directory or attaches
// plugins that somebody else started, and hands it to host.WithCatalog. A Catalog's
// methods are safe from any goroutine.
package catalog

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/host/schema"
	derive "github.com/hostelry-run/hostelry/shared/schema"
	"github.com/hostelry-run/hostelry/shared/task"
)

// BuiltIn is the name under which kinds of the host's own program stand where a
// plugin's name would: "builtin/exec".
const BuiltIn = "builtin"

// Catalog holds kinds by name. Make it with [New]; the zero Catalog is empty and
// ready too.
type Catalog struct {
	mu       sync.Mutex
	kinds    map[string][]Kind // by name; more than one is ambiguous
	plugins  []Plugin
	attached map[string]string // addresses by plugin
}

// New returns a catalog of the given kinds of the host's own program.
func New(kinds ...task.Kind) (*Catalog, error) {
	c := &Catalog{}
	return c, c.Register(kinds...)
}

// Register adds kinds of the host's own program. They run in every mode; in
// process mode the host starts its own program again, see plugin.ServeSelf. It
// refuses a kind that is not valid or whose name is registered already, and then
// adds none. It may be called at any time.
func (c *Catalog) Register(kinds ...task.Kind) error {
	added := make([]Kind, 0, len(kinds))
	for _, k := range kinds {
		kind, err := localKind(k)
		if err != nil {
			return err
		}
		added = append(added, kind)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make(map[string]bool)
	for _, k := range added {
		if names[k.Name] || slices.ContainsFunc(c.kinds[k.Name], isBuiltIn) {
			return fmt.Errorf("kind %q is registered twice", k.Name)
		}
		names[k.Name] = true
	}
	c.addLocked(added)
	return nil
}

// With returns a copy of the catalog to which kinds were registered; c stays as
// it is.
func (c *Catalog) With(kinds ...task.Kind) (*Catalog, error) {
	c.mu.Lock()
	copied := &Catalog{kinds: maps.Clone(c.kinds), plugins: slices.Clone(c.plugins), attached: maps.Clone(c.attached)}
	for name, same := range copied.kinds {
		copied.kinds[name] = slices.Clip(same)
	}
	c.mu.Unlock()
	return copied, copied.Register(kinds...)
}

func (c *Catalog) addLocked(kinds []Kind) {
	if c.kinds == nil {
		c.kinds = make(map[string][]Kind)
	}
	for _, k := range kinds {
		c.kinds[k.Name] = append(c.kinds[k.Name], k)
	}
}

// Kinds returns every kind, sorted by name and then by plugin.
func (c *Catalog) Kinds() []Kind {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Kind
	for _, kinds := range c.kinds {
		all = append(all, kinds...)
	}
	slices.SortFunc(all, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Plugin, b.Plugin))
	})
	return all
}

// Plugins returns a row for each file of the loaded directories, sorted by path,
// the unusable ones with their reason.
func (c *Catalog) Plugins() []Plugin {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.plugins)
}

// Lookup finds a kind by its name, or by PLUGIN/NAME where two plugins offer it.
// It fails with an [*UnknownKindError] or an [*AmbiguousKindError].
func (c *Catalog) Lookup(name string) (Kind, error) {
	k, err := c.Find(name)
	if err != nil {
		return Kind{}, err
	}
	return *k, nil
}

// Find is Lookup without a copy: tasks by the million share what it returns, which
// nobody may change. Hosts call it for each task.
func (c *Catalog) Find(name string) (*Kind, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	plugin, bare, qualified := strings.Cut(name, "/")
	if !qualified {
		plugin, bare = "", name
	}
	var first *Kind
	var plugins []string // of all that are found, if they are more than one
	same := c.kinds[bare]
	for i := range same {
		switch k := &same[i]; { // nothing changes what it points to: lists that change are copied
		case qualified && plugin != cmp.Or(k.Plugin, BuiltIn):
		case first == nil:
			first = k
		case plugins == nil:
			plugins = append(plugins, cmp.Or(first.Plugin, BuiltIn), cmp.Or(k.Plugin, BuiltIn))
		default:
			plugins = append(plugins, cmp.Or(k.Plugin, BuiltIn))
		}
	}
	switch {
	case first == nil:
		return nil, c.unknownLocked(name)
	case plugins != nil:
		slices.Sort(plugins)
		return nil, &AmbiguousKindError{Name: name, Plugins: plugins}
	default:
		return first, nil
	}
}

func (c *Catalog) unknownLocked(name string) *UnknownKindError {
	e := &UnknownKindError{Name: name}
	for _, p := range c.plugins {
		if p.Err != nil && !errors.Is(p.Err, ErrNotNamed) && !errors.Is(p.Err, ErrAttached) {
			e.Refused = append(e.Refused, p)
		}
	}
	var candidates []string
	for known, kinds := range c.kinds {
		e.Known = append(e.Known, known)
		for _, k := range kinds {
			candidates = append(candidates, cmp.Or(k.Plugin, BuiltIn)+"/"+known)
		}
	}
	slices.Sort(e.Known)
	if !strings.Contains(name, "/") {
		candidates = e.Known
	}
	slices.Sort(candidates)
	_, bare, _ := strings.Cut(name, "/")
	if i := slices.IndexFunc(candidates, func(c string) bool { return strings.HasSuffix(c, "/"+bare) }); i >= 0 {
		e.Nearest = candidates[i] // the same kind of another plugin
	} else {
		e.Nearest = schema.Nearest(name, candidates)
	}
	return e
}

// Kind is a kind of task that the host knows.
type Kind struct {
	// Name is the kind's name, such as "digest".
	Name string
	// Plugin is the name of the plugin that offers it, or "" for a kind of the
	// host's own program.
	Plugin string
	// Description is one line for people, or "".
	Description string
	// Schema is the JSON Schema of its config.
	Schema json.RawMessage

	file     string                                          // of the plugin, in its directory
	copied   string                                          // its private copy, which is launched
	address  string                                          // where it serves, if it was attached
	local    task.Kind                                       // where Plugin is ""
	make     func(config json.RawMessage) (task.Task, error) // local's
	compiled *schema.Schema
}

func localKind(k task.Kind) (Kind, error) {
	if err := k.Validate(); err != nil {
		return Kind{}, err
	}
	raw, err := derive.Of(k.ConfigType())
	if err != nil {
		return Kind{}, fmt.Errorf("kind %q: %w", k.Name(), err)
	}
	compiled, err := schema.Compile(raw)
	if err != nil {
		return Kind{}, fmt.Errorf("kind %q: the schema of %v: %w", k.Name(), k.ConfigType(), err)
	}
	return Kind{Name: k.Name(), Description: k.Description(), Schema: raw, local: k, make: k.Maker(), compiled: compiled}, nil
}

// IsBuiltIn reports whether the kind is one of the host's own program.
func (k *Kind) IsBuiltIn() bool { return k.Plugin == "" }

func isBuiltIn(k Kind) bool { return k.IsBuiltIn() }

// Local is the kind as the host's own program registered it. It is valid if
// IsBuiltIn.
func (k *Kind) Local() task.Kind { return k.local }

// New makes a task for one attempt, as the New of Local does.
func (k *Kind) New(config json.RawMessage) (task.Task, error) { return k.make(config) }

// File is the plugin's file as it stands in its directory, or "" if there is none.
func (k *Kind) File() string { return k.file }

// Executable is the private copy of File that was made when it was checked, or "".
// It is what hosts launch.
func (k *Kind) Executable() string { return k.copied }

// Address is where the plugin serves, if it was attached, or else "". Hosts dial it
// and launch nothing.
func (k *Kind) Address() string { return k.address }
