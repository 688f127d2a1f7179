package observe

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// Belongings are what this process holds that a run could leave behind.
type Belongings struct {
	Children    []string
	Descriptors []string // what each is open on
	Files       []string // below TMPDIR, sockets included
}

// TakeBelongings looks what this process holds now.
func TakeBelongings(t testing.TB) Belongings {
	t.Helper()
	b := Belongings{Children: Children(t)}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil { // else it was ReadDir's own
			b.Descriptors = append(b.Descriptors, entry.Name()+" "+target)
		}
	}
	err = filepath.WalkDir(os.TempDir(), func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			b.Files = append(b.Files, fmt.Sprint(entry.Type(), " ", path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(b.Descriptors)
	return b
}

// WantNothingLeft checks that f leaves this process exactly as it was: its
// belongings, and its goroutines.
func WantNothingLeft(t testing.TB, f func()) {
	t.Helper()
	before, goroutines := TakeBelongings(t), goleak.IgnoreCurrent()
	f()
	if err := goleak.Find(goroutines); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, TakeBelongings(t)); diff != "" {
		t.Errorf("left over (+), or gone (-):\n%s", diff)
	}
}
