package source

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Executable is the set of a plugin that is not built here: its file, and if that is a
// script, the source files in its folder and below.
func Executable(path string) (s Set, isScript bool) {
	s = File(path)
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return s, false
	}
	s.files[target] = true
	if !beginsAsScript(target) {
		return s, false
	}
	root := filepath.Dir(target)
	_ = filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir // what cannot be read is no source
		case !d.IsDir():
			return nil
		case dir != root && (!isVisible(d.Name()) || d.Name() == "node_modules" || d.Name() == "venv"):
			return fs.SkipDir
		}
		s.add(dir, root, isScriptSource)
		return nil
	})
	return s, true
}

func beginsAsScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	mark := make([]byte, 2)
	n, _ := f.Read(mark)
	return string(mark[:n]) == "#!"
}

// isScriptSource knows the names of sources: tasks may write other files beside them.
func isScriptSource(name string) bool {
	extensions := []string{
		".py", ".pyi", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".rb", ".pl", ".pm", ".php", ".lua", ".tcl",
		".sh", ".bash", ".zsh", ".ex", ".exs", ".jl", ".r", ".proto",
	}
	return isVisible(name) && slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}
