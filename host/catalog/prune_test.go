package catalog

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// aCopy makes a copy of 1000 bytes that was used so long ago, and returns its sum.
func (s *store) aCopy(t *testing.T, name string, ago time.Duration) string {
	t.Helper()
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	dir := filepath.Join(s.dir, sum)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(sum, name), make([]byte, 1000), 0o700); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-ago)
	for _, path := range []string{s.path(sum, name), dir} {
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	return sum
}

// TestTheStoreIsBounded: what was used longest ago goes first, and nothing that a host
// uses that lives.
func TestTheStoreIsBounded(t *testing.T) {
	s := &store{t.TempDir()}
	copies := map[string]string{
		"oldest, used by this host": s.aCopy(t, "a", 29*24*time.Hour),
		"too old, used by this":     s.aCopy(t, "b", 31*24*time.Hour),
		"old, of a dead host":       s.aCopy(t, "c", 28*24*time.Hour),
		"old, used before by this":  s.aCopy(t, "d", 27*24*time.Hour),
		"newer":                     s.aCopy(t, "e", time.Hour),
		"newest":                    s.aCopy(t, "f", 2*time.Minute),
		"in the making":             s.aCopy(t, "g", 0),
	}
	s.use("plugins/a", copies["oldest, used by this host"])
	s.use("plugins/b", copies["old, used before by this"])
	s.use("plugins/b", copies["too old, used by this"]) // built anew
	dead := filepath.Join(s.dir, uses, "999999999-c")   // more than any system's processes
	if err := os.WriteFile(dead, []byte(copies["old, of a dead host"]), 0o600); err != nil {
		t.Fatal(err)
	}
	left := func() string {
		var names []string
		for name, sum := range copies {
			if _, err := os.Stat(filepath.Join(s.dir, sum)); err == nil {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return strings.Join(names, "; ")
	}
	for _, step := range []struct {
		most int64
		want string
	}{
		{7000, strings.Join(slices.Sorted(maps.Keys(copies)), "; ")},
		{5500, "in the making; newer; newest; oldest, used by this host; too old, used by this"},
		{4000, "in the making; newest; oldest, used by this host; too old, used by this"},
		{0, "in the making; oldest, used by this host; too old, used by this"},
	} {
		s.prune(step.most)
		if got := left(); got != step.want {
			t.Errorf("of at most %d bytes there is left %q, want %q", step.most, got, step.want)
		}
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the note of a dead host is left")
	}
}
