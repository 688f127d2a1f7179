//go:build unix

package catalog_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestTheFirstStoreThatCanBeWrittenIsUsed(t *testing.T) {
	d := newDirectory(t)
	d.offers("one", "a")
	home, tmp := privateDir(t), privateDir(t)
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, ".cache"))
	t.Setenv("TMPDIR", tmp)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	where := func() string {
		t.Helper()
		var c catalog.Catalog
		if err := c.Load(t.Context(), d.path, catalog.WithCacheDir("")); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(filepath.Dir(wantGood(t, &c, "one", "a").Kinds[0].Executable()))
	}
	first, second := filepath.Join(cache, "hostelry", "plugins"), filepath.Join(tmp, fmt.Sprintf("hostelry-plugins-%d", os.Getuid()))
	if got := where(); got != first {
		t.Errorf("the store is %s, want %s", got, first)
	}
	if err := os.RemoveAll(home); err != nil {
		t.Fatal(err)
	}
	writeFile(t, home, "no directory", 0o600)
	if got := where(); got != second {
		t.Errorf("the store is %s, want %s", got, second)
	}
	for _, store := range []string{first, second} {
		if info, err := os.Stat(store); err == nil && info.Mode().Perm() != 0o700 {
			t.Errorf("%s has the mode %v", store, info.Mode())
		}
	}
	if err := os.Chmod(second, 0o777); err != nil {
		t.Fatal(err)
	}
	var c catalog.Catalog
	err = c.Load(t.Context(), d.path)
	if err == nil || !strings.Contains(err.Error(), home) || !strings.Contains(err.Error(), second+": everybody can write it") {
		t.Errorf("Load: %v", err)
	}
}

func TestAStoreThatOthersCanWriteIsRefused(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky, 0o702} {
		if err := os.MkdirAll(d.store, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d.store, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := d.tryLoad(t.Context(), catalog.WithWritableByOthers()); err == nil || !strings.Contains(err.Error(), d.store+": everybody can write it") {
			t.Errorf("Load: %v", err)
		}
	}
	d.wantLaunched()
}

// What a link, or the working directory, leads to later must not matter.
func TestTheStoreStaysWhereItWas(t *testing.T) {
	d := newDirectory(t)
	d.offers("one", "a")
	parent := privateDir(t)
	t.Chdir(parent)
	if err := os.Mkdir("real", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", "link"); err != nil {
		t.Fatal(err)
	}
	c := d.load(catalog.WithCacheDir("link"))
	path := wantGood(t, c, "one", "a").Kinds[0].Executable()
	resolved, err := filepath.EvalSymlinks(parent)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(resolved, "real"); filepath.Dir(filepath.Dir(path)) != want {
		t.Errorf("the copy is %s, want it in %s", path, want)
	}
}

func TestGarbageInTheStoreIsPutRight(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	p := wantGood(t, d.load(), "one", "a")
	d.wantLaunched("one")
	copied := p.Kinds[0].Executable()
	descriptions, err := filepath.Glob(filepath.Join(filepath.Dir(copied), "description-*.json"))
	if err != nil || len(descriptions) != 1 {
		t.Fatalf("descriptions: %v %v", descriptions, err)
	}
	good, err := os.ReadFile(descriptions[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, garbage := range []string{"", "\x00\xff", "{", "null", "{}", "[]", "7", string(good[:len(good)/2]), `{"kinds":{}}`} {
		writeFile(t, descriptions[0], garbage, 0o600)
		wantGood(t, d.load(), "one", "a")
		d.wantLaunched("one")
		if raw, err := os.ReadFile(descriptions[0]); err != nil || !bytes.Equal(raw, good) {
			t.Errorf("after %q it holds %q (%v), want %q", garbage, raw, err, good)
		}
	}

	bytesOf, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	entry := filepath.Dir(copied)
	for name, spoil := range map[string]func() error{
		"cut to nothing": func() error { return os.Truncate(copied, 0) }, // by a crash of the system
		"cut short":      func() error { return os.Truncate(copied, 6) },
		"of the same size": func() error {
			return os.WriteFile(copied, append([]byte("#!/bin/false\n#"), bytesOf[14:]...), 0o700)
		},
		"gone":                  func() error { return os.Remove(copied) },
		"not to be run":         func() error { return os.Chmod(copied, 0o600) },
		"everybody's":           func() error { return os.Chmod(copied, 0o777) },
		"in everybody's":        func() error { return os.Chmod(entry, 0o777) },
		"a directory":           func() error { return errors.Join(os.Remove(copied), os.MkdirAll(filepath.Join(copied, "x"), 0o700)) },
		"below what is no such": func() error { return errors.Join(os.RemoveAll(entry), os.WriteFile(entry, nil, 0o600)) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		wantGood(t, d.load(), "one", "a")
		if sum := hashOf(t, copied); sum != p.SHA256 {
			t.Errorf("%s: then the copy has the sha256 %s, want %s", name, sum, p.SHA256)
		}
		for _, path := range []string{copied, entry} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%s: then %s has the mode %v (%v)", name, path, info.Mode(), err)
			}
		}
	}
	d.launched()
}

func TestOldCopiesAreRemovedAndNothingElse(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("old", "a")
	d.offers("used", "b")
	c := d.load()
	old, used := filepath.Dir(find(t, c, "old").Kinds[0].Executable()), filepath.Dir(find(t, c, "used").Kinds[0].Executable())
	mine := filepath.Join(d.store, "photographs") // a store that was somebody's directory before
	half := filepath.Join(d.store, "hostelry-new-1")
	t.Cleanup(func() { _ = os.RemoveAll(mine) })
	for _, dir := range []string{mine, half} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "file"), "", 0o600)
	}
	age := func(dir string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-31 * 24 * time.Hour)
		for _, path := range append(files, dir) {
			if err := os.Chtimes(path, then, then); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, dir := range []string{old, used, mine, half} {
		age(dir)
	}
	if err := os.Chtimes(find(t, c, "used").Kinds[0].Executable(), time.Now(), time.Now()); err != nil { // as hosts do at each launch
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(d.path, "hostelry-old")); err != nil {
		t.Fatal(err)
	}
	d.launched()
	wantGood(t, d.load(), "used", "b")
	if _, err := os.Stat(old); err != nil {
		t.Errorf("a copy is gone that this process may launch: %v", err)
	}
	forget := func() { // as if the hosts so far were other processes, and gone
		t.Helper()
		if err := os.RemoveAll(filepath.Join(d.store, "in-use")); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	wantGood(t, d.load(), "used", "b")
	d.wantLaunched()
	for dir, kept := range map[string]bool{old: false, half: false, used: true, mine: true} {
		if _, err := os.Stat(dir); (err == nil) != kept {
			t.Errorf("%s: %v", dir, err)
		}
	}

	forget()
	age(used) // but it is about to be used again
	wantGood(t, d.load(), "used", "b")
	d.wantLaunched("used")
}
