package scaffold_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/scaffold"
)

func TestRefusals(t *testing.T) {
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, "job.yaml"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dir, language, plugin, want string }{
		"a language that is not there": {t.TempDir(), "cobol", "hello", `no language "cobol": use one of ` + strings.Join(scaffold.Languages(), ", ")},
		"a name that is none":          {t.TempDir(), "python", "../x", `name "../x"`},
		"a file that is there":         {taken, "python", "hello", filepath.Join(taken, "job.yaml") + " is there already"},
	} {
		t.Run(name, func(t *testing.T) {
			before := list(t, c.dir)
			files, err := scaffold.Write(c.dir, c.language, scaffold.Plugin{Name: c.plugin})
			if err == nil || !strings.Contains(err.Error(), c.want) || files != nil {
				t.Errorf("it wrote %q, %v, want %q in the error", files, err, c.want)
			}
			if after := list(t, c.dir); !slices.Equal(before, after) {
				t.Errorf("in the directory are now %q", after)
			}
		})
	}
}

// TestWrites says what it wrote, and leaves no placeholder in it.
func TestWrites(t *testing.T) {
	for _, language := range scaffold.Languages() {
		t.Run(language, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new")
			files, err := scaffold.Write(dir, language, scaffold.Plugin{Name: "my-plugin"})
			if err != nil {
				t.Fatal(err)
			}
			written := list(t, dir)
			slices.Sort(files)
			if !slices.Equal(files, written) {
				t.Errorf("it says that it wrote %q, there are %q", files, written)
			}
			for _, name := range written {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				script := bytes.HasPrefix(text, []byte("#!"))
				if executable := info.Mode()&0o100 != 0; executable != script {
					t.Errorf("the mode of %s is %v", name, info.Mode())
				}
				if strings.Contains(name+string(text), "NAME.") || bytes.Contains(text, []byte("{{")) {
					t.Errorf("%s has a placeholder left", name)
				}
			}
		})
	}
}

// TestHelpersAreTheExamples: what an author copies from an example is what a new
// plugin gets.
func TestHelpersAreTheExamples(t *testing.T) {
	for _, language := range []string{"python", "node"} {
		ours, theirs := filepath.Join("templates", language, "hostelry"), filepath.Join("../../../../examples", language, "hostelry")
		names := list(t, theirs)
		if got := list(t, ours); !slices.Equal(got, names) {
			t.Errorf("%s has %q, %s has %q", ours, got, theirs, names)
			continue
		}
		for _, name := range names {
			want, err := os.ReadFile(filepath.Join(theirs, name))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(filepath.Join(ours, name)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s in %s differs from the one in %s, %v: copy it from there", name, ours, theirs, err)
			}
		}
	}
}

// list is the files in a folder, but for what Python keeps.
func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if !strings.Contains(name, "__pycache__") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}
