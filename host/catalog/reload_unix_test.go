//go:build unix

package catalog_test

import (
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// TestFreshDescriptions: a script whose bytes stay the same may offer something else.
func TestFreshDescriptions(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("script", "a")
	for _, launched := range [][]string{{"script"}, {"script"}} {
		wantGood(t, d.load(catalog.WithFreshDescriptions()), "script", "a")
		d.wantLaunched(launched...)
	}
	wantGood(t, d.load(), "script", "a")
	d.wantLaunched()
}

func TestTakePlugins(t *testing.T) {
	t.Parallel()
	before, after := newDirectory(t), newDirectory(t)
	before.offers("old", "a", "b")
	after.offers("new", "b", "c")
	c, err := before.load().With(kind("a"))
	if err != nil {
		t.Fatal(err)
	}
	from, err := after.load().With(kind("stays-there"))
	if err != nil {
		t.Fatal(err)
	}
	c.TakePlugins(from)
	c.TakePlugins(c) // nothing
	wantGood(t, c, "new", "b", "c")
	for name, want := range map[string]string{"a": "", "b": "new", "c": "new"} {
		if k, err := c.Lookup(name); err != nil || k.Plugin != want {
			t.Errorf("Lookup(%q) = %+v, %v; want one of plugin %q", name, k, err, want)
		}
	}
	if n := len(c.Plugins()) + len(c.Kinds()); n != 4 {
		t.Errorf("plugins %v, kinds %v", c.Plugins(), c.Kinds())
	}
}
