// Package scaffold writes the files of a new plugin: a small one that is complete,
// with its unit tests, a job that runs it, and a README.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/hostelry-run/hostelry/shared/task"
)

// templates holds a folder for each language. In the name of a file, NAME stands for
// the plugin's; a file whose name ends with .tmpl is a text/template of a Plugin, and
// loses that ending; any other is copied as it is.
//
//go:embed all:templates
var templates embed.FS

const (
	root   = "templates"
	suffix = ".tmpl"
)

// Plugin is what the files are about.
type Plugin struct {
	// Name is the plugin's, and that of its one kind.
	Name string
	// Folder is the name of the folder that it is written to. Write sets it.
	Folder string
	// Module is where a plugin in Go finds the SDK.
	Module Module
}

// Languages are those that a plugin can be written in, in alphabetical order.
func Languages() []string {
	entries, _ := fs.ReadDir(templates, root) // embedded: it is there
	languages := make([]string, len(entries))
	for i, entry := range entries {
		languages[i] = entry.Name()
	}
	return languages
}

// Write writes the files of a plugin in a language to dir, which it makes if it is
// missing, and returns their paths in dir. What begins with "#!" is made executable. A
// file that is there already is an error, and then nothing is written.
func Write(dir, language string, p Plugin) ([]string, error) {
	if !slices.Contains(Languages(), language) {
		return nil, fmt.Errorf("there is no language %q: use one of %s", language, strings.Join(Languages(), ", "))
	}
	if err := task.ValidateName(p.Name); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is no directory: name one, which is made if it is missing", dir)
	}
	p.Folder = filepath.Base(absolute)
	files, err := render(path.Join(root, language), p)
	if err != nil {
		return nil, fmt.Errorf("the template for %s: %w", language, err)
	}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.path)); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already: choose another directory", filepath.Join(dir, f.path))
		}
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.path
		if err := f.write(dir); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// file is a file of a plugin.
type file struct {
	path string // in the plugin's folder
	text []byte
}

// render makes the files of a template, in alphabetical order.
func render(folder string, p Plugin) (files []file, err error) {
	err = fs.WalkDir(templates, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates, name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, suffix) {
			if text, err = fill(name, text, p); err != nil {
				return err
			}
		}
		name = strings.TrimSuffix(strings.TrimPrefix(name, folder+"/"), suffix)
		files = append(files, file{filepath.FromSlash(strings.ReplaceAll(name, "NAME", p.Name)), text})
		return nil
	})
	return files, err
}

func fill(name string, text []byte, p Plugin) ([]byte, error) {
	t, err := template.New(path.Base(name)).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	err = t.Execute(&filled, p)
	return filled.Bytes(), err
}

func (f file) write(dir string) error {
	to := filepath.Join(dir, f.path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if bytes.HasPrefix(f.text, []byte("#!")) {
		mode = 0o755
	}
	return os.WriteFile(to, f.text, mode)
}
