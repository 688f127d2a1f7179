package catalog

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/host/schema"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// ErrNotNamed is the reason of a row for a file whose name does not begin with
// [Prefix]. Such a file is not opened: a directory may hold others.
var ErrNotNamed = errors.New("skipped: its name does not begin with " + Prefix)

// ErrAttached is the reason of a row for a file whose plugin was attached, see
// [Catalog.Attach]: that is used in its place. The file is not opened.
var ErrAttached = errors.New("skipped: a running plugin of that name is attached")

// Plugin is a row for one file of a plugin directory.
type Plugin struct {
	// Name is the file's name without Prefix (and on Windows without .exe), whatever the
	// plugin calls itself: as with the commands of a shell, who names the file names it.
	Name string
	// Version is what the plugin says. Where a LockFile has the plugin, it has this version.
	Version string
	// Path is the file's.
	Path string
	// SHA256 is that of the file's bytes when it was loaded, in hex; "" if it was
	// not read.
	SHA256 string
	// Kinds are what it offers, in its own order.
	Kinds []Kind
	// Err is why the file is not usable, or nil.
	Err error
}

func pluginName(file string) string {
	if runtime.GOOS == "windows" {
		file = strings.TrimSuffix(file, ".exe")
	}
	return strings.TrimPrefix(file, Prefix)
}

// replaceLocked puts the rows of a directory in the place of those that it had.
func (c *Catalog) replaceLocked(dir string, rows []Plugin) {
	c.plugins = slices.DeleteFunc(c.plugins, func(p Plugin) bool { return filepath.Dir(p.Path) == dir })
	c.removeLocked(func(k Kind) bool { return k.file != "" && filepath.Dir(k.file) == dir })
	for _, row := range rows {
		if c.attached[row.Name] != "" {
			row.Err, row.Kinds = ErrAttached, nil
		}
		i := slices.IndexFunc(c.plugins, func(p Plugin) bool { return p.Name == row.Name && p.Err == nil })
		if i >= 0 && row.Err == nil {
			row.Err = fmt.Errorf("a plugin of that name was loaded already: rename it or %s", c.plugins[i].Path)
			row.Kinds = nil
		}
		c.addLocked(row.Kinds)
		c.plugins = append(c.plugins, row)
	}
	slices.SortStableFunc(c.plugins, func(a, b Plugin) int { return strings.Compare(a.Path, b.Path) })
}

// TakePlugins puts the plugins of another catalog, loaded and attached, in the place
// of those that c has. The kinds of the host's own program stay.
func (c *Catalog) TakePlugins(from *Catalog) {
	from.mu.Lock()
	plugins, attached := slices.Clone(from.plugins), maps.Clone(from.attached)
	var kinds []Kind
	for _, same := range from.kinds {
		kinds = append(kinds, slices.DeleteFunc(slices.Clone(same), isBuiltIn)...)
	}
	from.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugins, c.attached = plugins, attached
	c.removeLocked(func(k Kind) bool { return !k.IsBuiltIn() })
	c.addLocked(kinds)
}

// removeLocked removes some kinds.
func (c *Catalog) removeLocked(which func(Kind) bool) {
	for name, same := range c.kinds {
		kept := slices.DeleteFunc(slices.Clone(same), which)
		if c.kinds[name] = kept; len(kept) == 0 {
			delete(c.kinds, name)
		}
	}
}

// maxKinds bounds what is checked, and kept, of what one plugin says.
const maxKinds = 10_000

// pluginKinds checks what a plugin says of itself.
func pluginKinds(p *Plugin, copied string, d wire.Description) ([]Kind, error) {
	switch n := len(d.Kinds); {
	case n == 0:
		return nil, errors.New("it offers no kinds")
	case n > maxKinds:
		return nil, fmt.Errorf("it offers %d kinds, more than %d", n, maxKinds)
	}
	kinds := make([]Kind, 0, len(d.Kinds))
	seen := make(map[string]bool, len(d.Kinds))
	for _, k := range d.Kinds {
		if err := task.ValidateName(k.Name); err != nil {
			return nil, err
		}
		if seen[k.Name] {
			return nil, fmt.Errorf("it offers the kind %q twice", k.Name)
		}
		seen[k.Name] = true
		raw := k.ConfigSchema
		if len(raw) == 0 {
			raw = []byte(`{"type":"object"}`)
		}
		compiled, err := schema.Compile(raw)
		if err != nil {
			return nil, fmt.Errorf("the config schema of kind %q: %w", k.Name, err)
		}
		kinds = append(kinds, Kind{
			Name: k.Name, Plugin: p.Name, Description: k.Description, Schema: raw,
			file: p.Path, copied: copied, compiled: compiled,
		})
	}
	return kinds, nil
}
