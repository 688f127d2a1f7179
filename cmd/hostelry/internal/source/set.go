// Package source knows what files a plugin is made of, and tells when they change.
//
// The command makes a [Set] for each plugin, by [Go], [Script] or [File], has a
// [Watcher] watch their folders, and asks with [Set.Has] whose files have changed.
package source

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Set is the files of one plugin. The zero Set is empty.
type Set struct {
	files map[string]bool // single ones
	dirs  map[string]rule // folders, with what counts in them
	above map[string]bool // folders that are watched because one below may come back
}

// rule is which files of a folder count, by their names.
type rule func(name string) bool

// Change is something that happened to a file. The zero Change says that more
// happened than could be told.
type Change struct {
	Path  string
	Entry bool // it was created, removed or renamed
}

// File is the set of a single file.
func File(path string) Set { return Set{files: map[string]bool{path: true}} }

// add makes files of the folder count. What is above it is watched too, up to root.
func (s *Set) add(dir, root string, r rule) {
	if s.dirs == nil {
		s.dirs, s.above = map[string]rule{}, map[string]bool{}
	}
	if first := s.dirs[dir]; first != nil {
		s.dirs[dir] = func(name string) bool { return first(name) || r(name) }
	} else {
		s.dirs[dir] = r
	}
	for ; dir != root && inside(dir, root); dir = filepath.Dir(dir) {
		s.above[filepath.Dir(dir)] = true
	}
}

// inside reports whether a folder is root or in it.
func inside(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, strings.TrimSuffix(root, string(filepath.Separator))+string(filepath.Separator))
}

// Dirs are the folders to watch, in the order of their names.
func (s *Set) Dirs() []string {
	all := maps.Clone(s.above)
	if all == nil {
		all = map[string]bool{}
	}
	for dir := range s.dirs {
		all[dir] = true
	}
	for path := range s.files {
		all[filepath.Dir(path)] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// Has reports whether a change is one of the plugin's files: of what is in one, or of
// which there are.
func (s *Set) Has(c Change) bool {
	if c.Path == "" || s.files[c.Path] {
		return true
	}
	if r := s.dirs[filepath.Dir(c.Path)]; r != nil && r(filepath.Base(c.Path)) {
		return true
	}
	return c.Entry && (s.dirs[c.Path] != nil || s.above[c.Path])
}
