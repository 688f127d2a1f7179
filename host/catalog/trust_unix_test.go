//go:build unix

package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestPluginsThatOthersCanWriteAreRefused(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	modes := map[string]os.FileMode{
		"good": 0o755, "own-group": 0o775, "world": 0o757, "all": 0o777, "odd": 0o702, "sticky": 0o777 | os.ModeSticky,
	}
	for name, mode := range modes {
		if err := os.Chmod(d.offers(name, "a"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("hostelry-world", filepath.Join(d.path, "hostelry-link")); err != nil {
		t.Fatal(err)
	}
	c := d.load()
	d.wantLaunched("good", "own-group")
	wantGood(t, c, "good", "a")
	wantGood(t, c, "own-group", "a")
	for _, name := range []string{"world", "all", "odd", "sticky", "link"} {
		wantBad(t, c, name, "everybody can write it", "--allow-writable", "WithWritableByOthers")
		if find(t, c, name).SHA256 != "" {
			t.Errorf("%s was read", name)
		}
	}
	if err := os.Remove(filepath.Join(d.path, "hostelry-link")); err != nil {
		t.Fatal(err)
	}
	c = d.load(catalog.WithWritableByOthers())
	d.wantLaunched("all", "odd", "sticky", "world")
	for name := range modes {
		wantGood(t, c, name, "a")
	}
}

func TestADirectoryThatOthersCanWriteIsRefused(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	if err := os.Chmod(d.path, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := d.tryLoad(t.Context())
	if err == nil || !strings.Contains(err.Error(), d.path) || !strings.Contains(err.Error(), "everybody can write it") ||
		!strings.Contains(err.Error(), "--allow-writable") {
		t.Errorf("Load: %v", err)
	}
	d.wantLaunched()
	wantGood(t, d.load(catalog.WithWritableByOthers()), "one", "a")

	// In a directory such as /tmp others can add files, which are refused, but not
	// change those of this user.
	if err := os.Chmod(d.path, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	wantGood(t, d.load(), "one", "a")
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can give files to others")
	}
}

// other is a user, and group, who is neither root nor this one.
const other = 65534

func TestPluginsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	d := newDirectory(t)
	for name, owner := range map[string][2]int{"theirs": {other, 0}, "group": {0, other}} {
		path := d.offers(name, "a")
		if err := os.Chown(path, owner[0], owner[1]); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o770); err != nil {
			t.Fatal(err)
		}
	}
	c := d.load()
	d.wantLaunched()
	wantBad(t, c, "theirs", "it belongs to user 65534", "--allow-writable")
	wantBad(t, c, "group", "group 65534 can write it", "--allow-writable")
	if _, err := c.Lookup("theirs"); err == nil || !strings.Contains(err.Error(), `unknown kind "theirs"; plugin "theirs" cannot be used: it belongs to user 65534`) {
		t.Errorf("Lookup: %v", err)
	}
	if err := os.Chmod(filepath.Join(d.path, "hostelry-group"), 0o750); err != nil {
		t.Fatal(err)
	}
	wantGood(t, d.load(), "group", "a")
	wantGood(t, d.load(catalog.WithWritableByOthers()), "theirs", "a")
	d.launched()

	if err := os.Chown(d.path, other, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tryLoad(t.Context()); err == nil || !strings.Contains(err.Error(), "it belongs to user 65534") {
		t.Errorf("Load: %v", err)
	}
	wantGood(t, d.load(catalog.WithWritableByOthers()), "theirs", "a")
	d.wantLaunched()
}

func TestAStoreOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	d := newDirectory(t)
	d.offers("one", "a")
	if err := os.Mkdir(d.store, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(d.store, other, other); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tryLoad(t.Context()); err == nil || !strings.Contains(err.Error(), d.store+": it belongs to user 65534") {
		t.Errorf("Load: %v", err)
	}
	d.wantLaunched()
}

// Root reads and writes everything: these are another user's rows.
func TestWhatCannotBeReadOrWritten(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	var as *syscall.Credential
	if os.Getuid() == 0 {
		as = &syscall.Credential{Uid: other, Gid: other}
		d.path = openDir(t)
	}
	d.file("hostelry-closed", "#!/bin/sh\nexit 1\n", 0o111)
	d.file("hostelry-exits", "#!/bin/sh\nexit 5\n", 0o755)
	store := filepath.Join(openDir(t), "store")
	if err := os.Mkdir(store, 0o500); err != nil {
		t.Fatal(err)
	}
	got := hosted(t, as, d.path, store)
	if !strings.Contains(got, "permission denied") || !strings.Contains(got, store) {
		t.Errorf("with a store that cannot be written: %s", got)
	}
	if err := os.Chmod(store, 0o700); err != nil {
		t.Fatal(err)
	}
	if as != nil {
		if err := os.Chown(store, other, other); err != nil {
			t.Fatal(err)
		}
	}
	closed, exits, _ := strings.Cut(hosted(t, as, d.path, store), "\n")
	if !strings.HasPrefix(closed, "closed: ") || !strings.Contains(closed, "permission denied") {
		t.Errorf("a plugin that cannot be read: %s", closed)
	}
	if !strings.HasPrefix(exits, "exits: ") || !strings.Contains(exits, "exit status 5") {
		t.Errorf("a plugin that can be read: %s", exits)
	}
}
