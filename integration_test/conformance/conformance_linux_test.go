package conformance

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/candidate"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// suiteOf is the suite for a plugin's file.
func suiteOf(t *testing.T, file string, o conformance.Options) *conformance.Suite {
	t.Helper()
	c, err := candidate.New(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	suite, err := conformance.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(suite.Close)
	return suite
}

// as is this binary under the name of a plugin.
func as(t *testing.T, name string) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), prefix+name)
	if err := os.Symlink(binary, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestWrongPlugins: each fails the check of the rule that it breaks, for that reason,
// and no other.
func TestWrongPlugins(t *testing.T) {
	for _, w := range wrongs() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			suite := suiteOf(t, as(t, w.name), w.options())
			if _, err := suite.Kinds(t.Context()); err != nil {
				t.Error(err)
			}
			began := time.Now()
			for _, c := range conformance.Checks() {
				if c.Name == "large-config" && w.check != c.Name {
					continue // it takes a second, and is about nothing else
				}
				kind := ""
				if c.EachKind {
					kind = w.options().Kind
				}
				r := suite.Run(t.Context(), c, kind)
				switch {
				case c.Name != w.check && r.Verdict == conformance.Fail:
					t.Errorf("it also fails %s: %s", c.Name, r.Reason)
				case c.Name == w.check && r.Verdict != conformance.Fail:
					t.Errorf("the verdict of %s is %v: %s", c.Name, r.Verdict, r.Reason)
				case c.Name == w.check && !strings.Contains(r.Reason, w.words):
					t.Errorf("it fails %s because %s; want %q in it", c.Name, r.Reason, w.words)
				}
			}
			t.Logf("it took %v", time.Since(began))
		})
	}
}

// TestGoodPlugin passes every check that applies, and each applies to one of its kinds.
func TestGoodPlugin(t *testing.T) {
	suite := suiteOf(t, as(t, "good"), conformance.Options{StartTimeout: time.Minute})
	kinds, err := suite.Kinds(t.Context())
	if err != nil || strings.Join(kinds, " ") != "work quick" {
		t.Fatalf("its kinds are %q, %v", kinds, err)
	}
	applied := make(map[string]bool)
	for r := range suite.All(t.Context(), kinds) {
		if r.Verdict == conformance.Fail {
			t.Errorf("%s of %q: %s", r.Check.Name, r.Kind, r.Reason)
		}
		applied[r.Check.Name] = applied[r.Check.Name] || r.Verdict == conformance.Pass
	}
	for _, c := range conformance.Checks() {
		if !applied[c.Name] {
			t.Errorf("%s was not applicable", c.Name)
		}
	}
}
