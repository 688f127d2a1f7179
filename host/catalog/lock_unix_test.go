//go:build unix

package catalog_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/catalog"
)

func (d *directory) lockPath() string { return filepath.Join(d.path, catalog.LockFile) }

// lock writes the lock of what the directory holds now.
func (d *directory) lock() *catalog.Catalog {
	d.t.Helper()
	c := d.load(catalog.WithoutLock())
	if err := catalog.WriteLock(d.path, c.Plugins()); err != nil {
		d.t.Fatal(err)
	}
	d.launched()
	return c
}

// entry is an entry of a lock file, as its readers know it.
type entry struct{ Name, Version, Platform, SHA256 string }

func (d *directory) entries() []entry {
	d.t.Helper()
	var content struct{ Plugins []entry }
	raw, err := os.ReadFile(d.lockPath())
	if err == nil {
		err = json.Unmarshal(raw, &content)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return content.Plugins
}

const thisPlatform = runtime.GOOS + "/" + runtime.GOARCH

func TestALockAllowsWhatWasThere(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("two", "b")
	one := d.offers("one", "a")
	d.plugin("exits", "exit 1")
	d.file("README", "", 0o600)
	c := d.lock()
	want := []entry{
		{"one", "1.2.3", thisPlatform, find(t, c, "one").SHA256},
		{"two", "1.2.3", thisPlatform, find(t, c, "two").SHA256},
	}
	if got := d.entries(); !slices.Equal(got, want) {
		t.Errorf("the lock has %v, want %v", got, want)
	}
	if info, err := os.Stat(d.lockPath()); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, opts := range [][]catalog.LoadOption{nil, {catalog.WithLocked()}} {
		c = d.load(opts...)
		wantGood(t, c, "one", "a")
		wantGood(t, c, "two", "b")
		if n := len(c.Plugins()); n != 4 {
			t.Errorf("%d rows: the lock is one?\n%s", n, rows(c))
		}
	}
	wantBad(t, c, "exits", "not in hostelry.lock for "+thisPlatform, "hostelry plugin lock")
	d.launched()

	d.offers("one", "a", "evil") // differs
	for _, opts := range [][]catalog.LoadOption{nil, {catalog.WithLocked()}, {catalog.WithWritableByOthers()}} {
		c = d.load(opts...)
		wantBad(t, c, "one", "differs from hostelry.lock", want[0].SHA256, hashOf(t, one), "version 1.2.3", "hostelry plugin lock")
		wantGood(t, c, "two", "b")
	}
	if got := d.launched(); slices.Contains(got, "one") {
		t.Errorf("a plugin that differs was launched: %q", got)
	}
	wantGood(t, d.load(catalog.WithoutLock()), "one", "a", "evil")
	d.lock()
	wantGood(t, d.load(), "one", "a", "evil")
}

func TestAPluginThatIsNotInTheLock(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	d.lock()
	d.offers("new", "b")
	c := d.load(catalog.WithLocked())
	wantBad(t, c, "new", "not in hostelry.lock for "+thisPlatform, "hostelry plugin lock")
	wantGood(t, c, "one", "a")
	d.wantLaunched()
	wantGood(t, d.load(), "new", "b")
	d.wantLaunched("new")
}

func TestWithLockedWantsALock(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	_, err := d.tryLoad(t.Context(), catalog.WithLocked())
	if err == nil || !strings.Contains(err.Error(), "has no hostelry.lock") || !strings.Contains(err.Error(), "hostelry plugin lock") {
		t.Errorf("Load: %v", err)
	}
	d.wantLaunched()
	wantGood(t, d.load(), "one", "a")
}

func TestEntriesOfOtherPlatformsStay(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	foreign := entry{"one", "0.9.0", "plan9/386", strings.Repeat("ab", 32)}
	stale := entry{"gone", "1.0.0", thisPlatform, strings.Repeat("cd", 32)}
	raw, err := json.Marshal(map[string]any{"plugins": []map[string]string{
		{"name": "one", "version": "0.9.0", "platform": "plan9/386", "sha256": foreign.SHA256},
		{"name": "gone", "version": "1.0.0", "platform": thisPlatform, "sha256": stale.SHA256},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d.file(catalog.LockFile, string(raw), 0o600)
	c := d.load()
	wantGood(t, c, "one", "a") // what is locked is another platform's
	wantBad(t, d.load(catalog.WithLocked()), "one", "not in hostelry.lock for "+thisPlatform)
	for range 2 {
		d.lock()
		own := entry{"one", "1.2.3", thisPlatform, find(t, c, "one").SHA256}
		want := []entry{own, foreign}
		if foreign.Platform < own.Platform {
			slices.Reverse(want)
		}
		if got := d.entries(); !slices.Equal(got, want) {
			t.Errorf("the lock has %v, want %v", got, want)
		}
		wantGood(t, d.load(catalog.WithLocked()), "one", "a")
	}
}

func TestALockThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.offers("one", "a")
	entryOf := func(name, platform, sum string) string {
		return `{"plugins":[{"name":"` + name + `","version":"1","platform":"` + platform + `","sha256":"` + sum + `"}]}`
	}
	sum := strings.Repeat("ab", 32)
	for _, text := range []string{
		"", "garbage", "{", "[]", "7", "null", "{}", `{"plugins":null}`, `{"plugins":[7]}`, `{"plugins":[{}]}`,
		`{"plugin":[]}`, `{"plugins":[],"also":1}`, `{"plugins":[]} {}`, "\xef\xbb\xbf{}",
		entryOf("", "linux/amd64", sum), entryOf("One", "linux/amd64", sum), entryOf("one", "", sum),
		entryOf("one", "linux/amd64", ""), entryOf("one", "linux/amd64", sum[1:]), entryOf("one", "linux/amd64", sum[2:]+"xx"),
		"<<<<<<< ours\n" + entryOf("one", "linux/amd64", sum),
		strings.Replace(entryOf("one", "linux/amd64", sum), "]", `,{"name":"one","version":"2","platform":"linux/amd64","sha256":"`+sum+`"}]`, 1),
	} {
		d.file(catalog.LockFile, text, 0o600)
		_, err := d.tryLoad(t.Context())
		if err == nil || !strings.Contains(err.Error(), d.lockPath()) || !strings.Contains(err.Error(), "write it anew with hostelry plugin lock") {
			t.Errorf("%q: %v", text, err)
		}
		d.wantLaunched()
	}
	if err := os.Remove(d.lockPath()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(d.lockPath(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tryLoad(t.Context()); err == nil || !strings.Contains(err.Error(), d.lockPath()+" cannot be read") {
		t.Errorf("a named pipe: %v", err)
	}
	d.lock() // replaces it
	wantGood(t, d.load(catalog.WithLocked()), "one", "a")
}

// lockOne locks the plugin "one" and returns what the lock file says.
func (d *directory) lockOne() string {
	d.t.Helper()
	d.offers("one", "a")
	d.lock()
	text, err := os.ReadFile(d.lockPath())
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// The version is locked, too: what says another one is not what was meant, or the lock is
// not what was written.
func TestAPluginOfAnotherVersion(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	good := d.lockOne()
	for _, version := range []string{"1.2.4", ""} {
		d.file(catalog.LockFile, strings.Replace(good, "1.2.3", version, 1), 0o600)
		for _, opts := range [][]catalog.LoadOption{nil, {catalog.WithLocked()}} {
			wantBad(t, d.load(opts...), "one", "differs from hostelry.lock", `version "1.2.3"`, `"`+version+`"`, "hostelry plugin lock")
		}
	}
	d.lock()
	wantGood(t, d.load(catalog.WithLocked()), "one", "a")
}

func TestALockOfNothing(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	d.lock()
	if got := d.entries(); len(got) != 0 {
		t.Errorf("the lock has %v", got)
	}
	d.offers("one", "a")
	wantBad(t, d.load(catalog.WithLocked()), "one", "not in hostelry.lock")
	d.wantLaunched()
}

func TestALockThatCannotBeWrittenLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	if err := catalog.WriteLock(filepath.Join(d.path, "missing"), nil); err == nil || !strings.Contains(err.Error(), "write hostelry.lock") {
		t.Errorf("WriteLock: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(d.lockPath(), "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := catalog.WriteLock(d.path, nil); err == nil || !strings.Contains(err.Error(), "write hostelry.lock") {
		t.Errorf("WriteLock: %v", err)
	}
	entries, err := os.ReadDir(d.path)
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v (%v)", entries, err)
	}
}

// TestALockThatIsNoLock: what could mean that nothing is locked is refused.
func TestALockThatIsNoLock(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	good := d.lockOne()
	for want, text := range map[string]string{
		`field "plugins" is there twice`: strings.Replace(good, "]", `], "plugins": []`, 1),
		`field "sha256" is there twice`:  strings.Replace(good, `"sha256"`, `"sha256": "", "sha256"`, 1),
		`unknown field "Plugins"`:        strings.Replace(good, "plugins", "Plugins", 1),
		`unknown field "ſha256"`:         strings.Replace(good, "sha256", "ſha256", 1),
		"no list of plugins":             "{}",
	} {
		d.file(catalog.LockFile, text, 0o600)
		if _, err := d.tryLoad(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nis loaded: %v, want %q", text, err, want)
		}
	}
	if err := os.Truncate(d.lockPath(), 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tryLoad(t.Context()); err == nil || !strings.Contains(err.Error(), "bytes or more") {
		t.Errorf("a terabyte is loaded: %v", err)
	}
	if err := errors.Join(os.Remove(d.lockPath()), os.Symlink("nowhere", d.lockPath())); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tryLoad(t.Context()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a link that leads nowhere is no lock: %v", err)
	}
	d.lock() // replaces it
	wantGood(t, d.load(catalog.WithLocked()), "one", "a")
}
