package chaos

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

// belongings are what this process holds that a run could leave behind.
type belongings struct {
	Children    []string
	Descriptors []string // what each is open on
	Files       []string // below TMPDIR, sockets included
}

func takeBelongings(t *testing.T) belongings {
	t.Helper()
	b := belongings{Children: children(t)}
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

// wantNothingLeft checks that f leaves this process exactly as it was.
func wantNothingLeft(t *testing.T, f func()) {
	t.Helper()
	before, goroutines := takeBelongings(t), goleak.IgnoreCurrent()
	f()
	if err := goleak.Find(goroutines); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, takeBelongings(t)); diff != "" {
		t.Errorf("left over (+), or gone (-):\n%s", diff)
	}
}
