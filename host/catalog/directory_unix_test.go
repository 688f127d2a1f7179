//go:build unix

package catalog_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// directory is a plugin directory under test, with a store of its own. Its plugins
// are scripts that note that they were launched.
type directory struct {
	t           *testing.T
	path, store string
	trace       string // a line for each launch: the plugin's name
}

func newDirectory(t *testing.T) *directory {
	t.Helper()
	d := &directory{t: t, path: privateDir(t), store: filepath.Join(privateDir(t), "store")}
	d.trace = filepath.Join(t.TempDir(), "trace")
	t.Cleanup(func() { checkStore(t, d.store) })
	return d
}

// privateDir is a temporary directory that nobody else can write, whatever the
// umask.
func privateDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// file writes a file into the directory and returns its path.
func (d *directory) file(name, text string, mode os.FileMode) string {
	d.t.Helper()
	path := filepath.Join(d.path, name)
	writeFile(d.t, path, text, mode)
	return path
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// plugin adds a script under the name of a plugin and returns its path.
func (d *directory) plugin(name, script string) string {
	d.t.Helper()
	return d.file(catalog.Prefix+name, fmt.Sprintf("#!/bin/sh\necho %s >>'%s'\n%s\n", name, d.trace, script), 0o700)
}

// role is a script's line that goes on as this binary in a role.
func role(t *testing.T, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("GORACE=atexit_sleep_ms=0 exec '%s' '%s'", self, strings.Join(args, "' '"))
}

// offers adds a good plugin.
func (d *directory) offers(name string, kinds ...string) string {
	d.t.Helper()
	return d.plugin(name, role(d.t, append([]string{"offering"}, kinds...)...))
}

// says adds a plugin that describes itself by the given JSON.
func (d *directory) says(name, description string) {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "description.json")
	writeFile(d.t, file, description, 0o600)
	d.plugin(name, role(d.t, "saying", file))
}

// load loads the directory into a new catalog.
func (d *directory) load(opts ...catalog.LoadOption) *catalog.Catalog {
	d.t.Helper()
	c, err := d.tryLoad(d.t.Context(), opts...)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *directory) tryLoad(ctx context.Context, opts ...catalog.LoadOption) (*catalog.Catalog, error) {
	c := new(catalog.Catalog)
	return c, c.Load(ctx, d.path, append([]catalog.LoadOption{catalog.WithCacheDir(d.store)}, opts...)...)
}

// launched are the names of the plugins that were launched since it was asked
// last, sorted.
func (d *directory) launched() []string {
	d.t.Helper()
	raw, err := os.ReadFile(d.trace)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.Remove(d.trace); err != nil {
		d.t.Fatal(err)
	}
	names := strings.Fields(string(raw))
	slices.Sort(names)
	return names
}

func (d *directory) wantLaunched(names ...string) {
	d.t.Helper()
	if got := d.launched(); !slices.Equal(got, names) {
		d.t.Errorf("launched: %q, want %q", got, names)
	}
}

// find is the row of a plugin.
func find(t *testing.T, c *catalog.Catalog, name string) catalog.Plugin {
	t.Helper()
	all := c.Plugins()
	i := slices.IndexFunc(all, func(p catalog.Plugin) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no row for %q in %v", name, all)
	}
	return all[i]
}

// wantGood checks that the plugin is usable and offers the kinds.
func wantGood(t *testing.T, c *catalog.Catalog, name string, kinds ...string) catalog.Plugin {
	t.Helper()
	p := find(t, c, name)
	if got, want := row(p), name+" 1.2.3 "+strings.Join(kinds, ","); got != want {
		t.Errorf("row: %s\nwant: %s", got, want)
	}
	return p
}

// wantBad checks that the plugin is a row whose reason has all the words, in one
// line, and that none of its kinds is known.
func wantBad(t *testing.T, c *catalog.Catalog, name string, words ...string) {
	t.Helper()
	p := find(t, c, name)
	if p.Err == nil {
		t.Errorf("%s is usable", row(p))
		return
	}
	for _, w := range words {
		if !strings.Contains(p.Err.Error(), w) {
			t.Errorf("the reason of %q is %q, which lacks %q", name, p.Err, w)
		}
	}
	if text := p.Err.Error(); strings.ContainsRune(text, '\n') || len(text) > 1000 {
		t.Errorf("the reason of %q is long: %d bytes", name, len(text))
	}
	if len(p.Kinds) > 0 || slices.ContainsFunc(c.Kinds(), func(k catalog.Kind) bool { return k.Plugin == name }) {
		t.Errorf("%q is bad and offers kinds all the same", name)
	}
}

// checkStore checks what must hold at any time: each copy in a store has the
// sha256 that its directory is named for, and nothing is half made.
func checkStore(t *testing.T, store string) {
	t.Helper()
	entries, err := os.ReadDir(store)
	if err != nil {
		return // never made
	}
	for _, e := range entries {
		if e.Name() == "in-use" {
			continue
		}
		files, err := os.ReadDir(filepath.Join(store, e.Name()))
		if err != nil {
			t.Error(err)
		}
		for _, f := range files {
			if strings.HasPrefix(f.Name(), catalog.Prefix) && hashOf(t, filepath.Join(store, e.Name(), f.Name())) != e.Name() {
				t.Errorf("the store's %s/%s is not what its name says", e.Name(), f.Name())
			}
		}
		if len(e.Name()) != sha256.Size*2 {
			t.Errorf("the store holds %s", e.Name())
		}
	}
}

func hashOf(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
