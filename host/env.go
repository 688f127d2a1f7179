package host

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Env is what a process task gets of environment variables besides the minimal
// ones: PATH, HOME, TMPDIR, TZ, LANG, LANGUAGE and LC_*.
type Env struct {
	// FromHost names variables that are handed on as the host has them when the
	// task starts; one that the host does not have is left out.
	FromHost []string
	// Set gives variables their values. It comes after FromHost and the minimal
	// ones, and wins.
	Set map[string]string
}

func (e Env) isZero() bool { return len(e.FromHost) == 0 && len(e.Set) == 0 }

// With is e and then more, whose values win: a run's default and a task's own.
func (e Env) With(more Env) Env {
	sum := Env{FromHost: slices.Concat(e.FromHost, more.FromHost), Set: make(map[string]string)}
	maps.Copy(sum.Set, e.Set)
	maps.Copy(sum.Set, more.Set)
	return sum
}

// Validate refuses names that cannot be, and those that are the host's own. Add
// calls it; a reader of job files may do so before.
func (e Env) Validate() error {
	for _, name := range slices.Concat(e.FromHost, slices.Sorted(maps.Keys(e.Set))) {
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00"):
			return fmt.Errorf("environment variable %q: a name is not empty and has neither '=' nor NUL", name)
		case strings.HasPrefix(name, "HOSTELRY_"), strings.HasPrefix(name, "PLUGIN_"):
			return fmt.Errorf("environment variable %q: names that begin with HOSTELRY_ or PLUGIN_ are the host's own", name)
		case strings.ContainsRune(e.Set[name], 0):
			return fmt.Errorf("environment variable %q: its value has a NUL", name)
		}
	}
	return nil
}

// clone keeps the Spec its caller's.
func (e Env) clone() Env {
	return Env{FromHost: slices.Clone(e.FromHost), Set: maps.Clone(e.Set)}
}

// list is the variables as K=V.
func (e Env) list() []string {
	var list []string
	for _, name := range e.FromHost {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Set)) {
		list = append(list, name+"="+e.Set[name])
	}
	return list
}
