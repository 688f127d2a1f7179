package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// ListFlags are the flags with which go list is to be called for [Go].
func ListFlags() []string {
	return []string{"-e", "-deps", "-json=Dir,Module,EmbedPatterns,EmbedFiles"}
}

// listed is a package as go list describes it.
type listed struct {
	Dir           string   `json:"Dir"`
	Module        *module  `json:"Module"` // nil for the standard library
	EmbedPatterns []string `json:"EmbedPatterns"`
	EmbedFiles    []string `json:"EmbedFiles"`
}

type module struct {
	Main    bool    `json:"Main"`
	Dir     string  `json:"Dir"`
	GoMod   string  `json:"GoMod"`
	Version string  `json:"Version"`
	Replace *module `json:"Replace"`
}

// isLocal reports whether somebody may be working on the module: it is a main module,
// or replaced by a folder.
func (m *module) isLocal() bool {
	return m != nil && (m.Main || m.Replace != nil && m.Replace.Version == "")
}

// Go is the set of a Go package, of what go list says of it and of its dependencies
// with [ListFlags]: those in local modules, with the files that they embed, and what
// says which modules they are of. workspace is the go.work file, or "".
func Go(list []byte, workspace string) (Set, error) {
	s := Set{files: map[string]bool{}}
	s.addModule(workspace)
	d := json.NewDecoder(bytes.NewReader(list))
	for {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return s, fmt.Errorf("go list: %w", err)
		}
		if p.Dir == "" || !p.Module.isLocal() {
			continue
		}
		s.addModule(p.Module.GoMod)
		s.add(p.Dir, p.Module.Dir, isGo)
		s.addEmbedded(p)
	}
}

// addEmbedded adds what a package embeds, and where its patterns may find more.
func (s *Set) addEmbedded(p listed) {
	for _, pattern := range p.EmbedPatterns {
		s.add(p.Dir, p.Module.Dir, func(name string) bool {
			matches, _ := filepath.Match(strings.TrimPrefix(pattern, "all:"), name)
			return matches
		})
	}
	for _, name := range p.EmbedFiles {
		path := filepath.Join(p.Dir, name)
		s.files[path] = true
		if dir := filepath.Dir(path); dir != p.Dir {
			s.add(dir, p.Dir, isVisible)
		}
	}
}

// addModule adds a go.mod or go.work, and the sums beside it.
func (s *Set) addModule(file string) {
	switch filepath.Base(file) {
	case "go.mod":
		s.files[filepath.Join(filepath.Dir(file), "go.sum")] = true
	case "go.work":
		s.files[file+".sum"] = true
	default: // none, or "off"
		return
	}
	s.files[file] = true
}

// isGo reports whether the go command compiles files of that name.
func isGo(name string) bool {
	if !isVisible(name) || strings.HasSuffix(name, "_test.go") {
		return false
	}
	switch filepath.Ext(name) {
	case ".go", ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx",
		".f", ".F", ".for", ".f90", ".s", ".S", ".sx", ".swig", ".swigcxx", ".syso":
		return true
	}
	return false
}

// isVisible leaves out what the go command ignores, and editors' own files.
func isVisible(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_") && !strings.HasSuffix(name, "~")
}
