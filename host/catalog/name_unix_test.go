//go:build unix

package catalog_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestTheSameBytesUnderTwoNames(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	path := d.offers("one", "a")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d.file("hostelry-two", string(raw), 0o700)
	for range 2 {
		c := d.load()
		one, two := wantGood(t, c, "one", "a"), wantGood(t, c, "two", "a")
		if one.SHA256 != two.SHA256 || one.Kinds[0].Executable() == two.Kinds[0].Executable() {
			t.Errorf("copies: %s and %s", one.Kinds[0].Executable(), two.Kinds[0].Executable())
		}
		for _, p := range []catalog.Plugin{one, two} {
			k := p.Kinds[0]
			if k.File() != p.Path || filepath.Base(k.Executable()) != filepath.Base(p.Path) {
				t.Errorf("%s is launched as %s for %s", p.Path, k.Executable(), k.File())
			}
			if sum := hashOf(t, k.Executable()); sum != p.SHA256 {
				t.Errorf("the copy of %s has the sha256 %s, want %s", p.Name, sum, p.SHA256)
			}
		}
	}
}

func TestTheSameKindInTwoPluginsIsAmbiguous(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "shared", "own")
	d.offers("two", "shared")
	c := d.load()
	if err := c.Register(kind("own")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Lookup("shared")
	var ambiguous *catalog.AmbiguousKindError
	if !errors.As(err, &ambiguous) || ambiguous.Name != "shared" || !slices.Equal(ambiguous.Plugins, []string{"one", "two"}) {
		t.Errorf("Lookup: %v", err)
	} else if want := `kind "shared" is offered by one and two: write one/shared or two/shared`; err.Error() != want {
		t.Errorf("Lookup: %v, want %s", err, want)
	}
	if _, err := c.Lookup("own"); !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Plugins, []string{catalog.BuiltIn, "one"}) {
		t.Errorf("Lookup: %v", err)
	}
	for name, plugin := range map[string]string{"one/shared": "one", "two/shared": "two", "one/own": "one", "builtin/own": ""} {
		if k, err := c.Lookup(name); err != nil || k.Plugin != plugin || k.IsBuiltIn() != (plugin == "") {
			t.Errorf("Lookup(%s): %v of plugin %q", name, err, k.Plugin)
		}
	}
	var unknown *catalog.UnknownKindError
	for name, nearest := range map[string]string{"two/own": "builtin/own", "builtin/shared": "one/shared", "one/shred": "one/shared", "one/x": ""} {
		if _, err := c.Lookup(name); !errors.As(err, &unknown) || unknown.Nearest != nearest {
			t.Errorf("Lookup(%s): %v, want the nearest to be %q", name, err, nearest)
		}
	}
}

// builtin/x must mean one thing.
func TestNoPluginIsBuiltIn(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("builtin", "a")
	c := d.load()
	wantBad(t, c, "builtin", "builtin", "another name")
	if got := d.launched(); got != nil {
		t.Errorf("launched: %q", got)
	}
}

func TestADirectoryLoadedAgainReplacesWhatItOffered(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a", "b")
	d.offers("two", "c")
	c := d.load()
	before, err := c.With()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Register(kind("a")); err != nil {
		t.Fatal(err)
	}
	d.offers("one", "b", "d")
	if err := c.Load(t.Context(), d.path, catalog.WithCacheDir(d.store)); err != nil {
		t.Fatal(err)
	}
	wantGood(t, c, "one", "b", "d")
	wantGood(t, c, "two", "c")
	if got := names(c); !slices.Equal(got, []string{"a", "b", "c", "d"}) || len(c.Plugins()) != 2 {
		t.Errorf("kinds %q of the plugins:\n%s", got, rows(c))
	}
	if k, err := c.Lookup("a"); err != nil || !k.IsBuiltIn() {
		t.Errorf("Lookup: %+v %v", k, err)
	}
	if got := names(before); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("a copy of before has %q", got)
	}
}

func TestTwoDirectoriesWithPluginsOfOneName(t *testing.T) {
	t.Parallel()
	first, second := newDirectory(t), newDirectory(t)
	path := first.offers("one", "a")
	second.offers("one", "b")
	second.offers("two", "c")
	c := first.load()
	if err := c.Load(t.Context(), second.path, catalog.WithCacheDir(first.store)); err != nil {
		t.Fatal(err)
	}
	if got := names(c); !slices.Equal(got, []string{"a", "c"}) || len(c.Plugins()) != 3 {
		t.Errorf("kinds %q of the plugins:\n%s", got, rows(c))
	}
	for _, p := range c.Plugins() {
		if bad := p.Name == "one" && p.Path != path; bad != (p.Err != nil) {
			t.Errorf("%s: %v", p.Path, p.Err)
		} else if bad && !strings.Contains(p.Err.Error(), path) {
			t.Errorf("the reason %q does not name %s", p.Err, path)
		}
	}
}
