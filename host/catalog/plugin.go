package catalog

import (
	"errors"
	"fmt"
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

// Plugin is a row for one file of a plugin directory.
type Plugin struct {
	// Name is the file's name without Prefix (and on Windows without .exe).
	Name string
	// Version is what the plugin says.
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

// pluginKinds checks what a plugin says of itself.
func pluginKinds(p *Plugin, copied string, d wire.Description) ([]Kind, error) {
	var kinds []Kind
	for _, k := range d.Kinds {
		if err := task.ValidateName(k.Name); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(kinds, func(other Kind) bool { return other.Name == k.Name }) {
			return nil, fmt.Errorf("it offers the kind %q twice", k.Name)
		}
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
	if len(kinds) == 0 {
		return nil, errors.New("it offers no kinds")
	}
	return kinds, nil
}
