package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// impostor is what somebody puts in a plugin's place.
const impostor = "#!/bin/sh\nexit 66\n"

// TestWhatWasCheckedRuns has the plugin's file replaced, rewritten and removed,
// between the check and the launch, and during the run.
func TestWhatWasCheckedRuns(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"replaced": func(path string) error {
			if err := os.WriteFile(path+".new", []byte(impostor), 0o755); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
		"rewritten": func(path string) error { return os.WriteFile(path, []byte(impostor), 0o755) },
		"removed":   os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			path := s.catalog.Plugins()[0].Path
			change1 := row{name: "is busy", stop: true, want: stops(), beside: func(t *testing.T, _ *company, _ *observe.Events) {
				if err := change(path); err != nil {
					t.Error(err)
				}
			}}
			act(t, s, change1)                                         // during the run
			act(t, s, row{name: "is busy", stop: true, want: stops()}) // before the launch
		})
	}
}

// TestNoTextFileIsBusy launches while the plugin's file is open for writing, and
// loads while other launches fork, which hold for a moment what is being written.
func TestNoTextFileIsBusy(t *testing.T) {
	s := newStage(t)
	open, err := os.OpenFile(s.catalog.Plugins()[0].Path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	var work sync.WaitGroup
	for i := range 6 {
		work.Go(func() { // ends with its runs, or loads
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				for range 3 {
					if i%2 == 0 {
						act(t, s, row{name: "is busy", stop: true, want: stops()})
					} else {
						loadScript(t)
					}
				}
			})
		})
	}
	work.Wait()
}

// loadScript loads, and thereby launches, a plugin that was written this moment.
func loadScript(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	plugins := filepath.Join(dir, "plugins")
	path := copySelf(t, plugins, pluginFile)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := fmt.Fprint(file, dir); err != nil { // bytes of its own, so that it is copied anew
		t.Fatal(err)
	}
	c := &catalog.Catalog{}
	if err := c.Load(t.Context(), plugins, catalog.WithCacheDir(filepath.Join(dir, "store"))); err != nil {
		t.Fatal(err)
	}
	if err := c.Plugins()[0].Err; err != nil {
		t.Error(err)
	}
}

// TestWhatIsRefused loads plugins that somebody else may have changed.
func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		allow   catalog.LoadOption // makes it pass
		want    string             // in the error of the plugin, or of the directory
	}{
		{"a file that all can write", func(t *testing.T, _, path string) { chmod(t, path, 0o757) },
			catalog.WithWritableByOthers(), "everybody can write it"},
		{"a directory that all can write", func(t *testing.T, dir, _ string) { chmod(t, dir, 0o757) },
			catalog.WithWritableByOthers(), "everybody can write it"},
		{"what differs from the lock", func(t *testing.T, dir, path string) {
			if err := catalog.WriteLock(dir, load(t, dir).Plugins()); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(impostor), 0o755); err != nil {
				t.Fatal(err)
			}
		}, nil, "differs from hostelry.lock"},
		{"a lock that is no lock", func(t *testing.T, dir, _ string) {
			if err := os.WriteFile(filepath.Join(dir, catalog.LockFile), []byte("{"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, catalog.WithoutLock(), "cannot be read, so that no plugin can be trusted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "plugins")
			path := copySelf(t, dir, pluginFile)
			c.prepare(t, dir, path)
			if err := loadError(t, dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.allow == nil {
				return
			}
			if err := loadError(t, dir, c.allow); err != nil {
				t.Errorf("allowed: %v", err)
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// storeBeside keeps this user's own store out of the tests.
func storeBeside(dir string) catalog.LoadOption { return catalog.WithCacheDir(dir + "-store") }

// load loads what must load.
func load(t *testing.T, dir string) *catalog.Catalog {
	t.Helper()
	c := &catalog.Catalog{}
	if err := c.Load(t.Context(), dir, storeBeside(dir)); err != nil {
		t.Fatal(err)
	}
	return c
}

// loadError is why the directory, or the one plugin in it, is refused.
func loadError(t *testing.T, dir string, opts ...catalog.LoadOption) error {
	t.Helper()
	c := &catalog.Catalog{}
	if err := c.Load(t.Context(), dir, append(opts, storeBeside(dir))...); err != nil {
		return err
	}
	for _, p := range c.Plugins() {
		if p.Err != nil {
			return p.Err
		}
	}
	if _, err := c.Lookup("misbehave"); err != nil {
		return err
	}
	return nil
}
