package catalog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
)

// LockFile is the name of the file in a plugin directory that says which plugins
// may be launched from it.
const LockFile = "hostelry.lock"

// lock is the content of a LockFile.
type lock struct {
	Plugins []lockEntry `json:"plugins"`
}

type lockEntry struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Platform string `json:"platform"` // such as linux/amd64
	SHA256   string `json:"sha256"`   // of the file, in hex
}

// maxLock bounds the file in bytes: at some 200 a plugin, it is never near.
const maxLock = 64 << 20

const platform = runtime.GOOS + "/" + runtime.GOARCH

// readLock returns nil if the directory has none.
func readLock(dir string) (*lock, error) {
	path := filepath.Join(dir, LockFile)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) { // a link that leads nowhere is one that was lost
		return nil, nil
	}
	f, err := openRegular(path)
	var raw []byte
	if err == nil {
		raw, err = io.ReadAll(io.LimitReader(f, maxLock))
		_ = f.Close()
	}
	if err == nil && len(raw) == maxLock {
		err = fmt.Errorf("it has %d bytes or more", maxLock)
	}
	var l *lock
	if err == nil {
		l, err = parseLock(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read, so that no plugin can be trusted: %w; write it anew with hostelry plugin lock", path, err)
	}
	return l, nil
}

// parseLock is strict: what it overlooked would be allowed.
func parseLock(raw []byte) (*lock, error) {
	var l lock
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after its JSON value")
	}
	if err := checkNames(json.NewDecoder(bytes.NewReader(raw))); err != nil {
		return nil, err
	}
	if l.Plugins == nil {
		return nil, errors.New("it has no list of plugins")
	}
	for i, e := range l.Plugins {
		sum, err := hex.DecodeString(e.SHA256)
		same := func(other lockEntry) bool { return other.Name == e.Name && other.Platform == e.Platform }
		switch {
		case task.ValidateName(e.Name) != nil:
			return nil, fmt.Errorf("plugins[%d]: %w", i, task.ValidateName(e.Name))
		case e.Platform == "":
			return nil, fmt.Errorf("plugins[%d]: %s has no platform", i, e.Name)
		case err != nil || len(sum) != sha256.Size:
			return nil, fmt.Errorf("plugins[%d]: the sha256 of %s is %q", i, e.Name, e.SHA256)
		case slices.ContainsFunc(l.Plugins[:i], same):
			return nil, fmt.Errorf("plugins[%d]: %s for %s is there twice", i, e.Name, e.Platform)
		}
	}
	return &l, nil
}

// checkNames reads a JSON value, which is a lock's, and refuses names that package json
// takes: one that its object has twice, of which the last would count, and one in other letters.
func checkNames(d *json.Decoder) error {
	token, err := d.Token()
	open, nested := token.(json.Delim)
	if err != nil || !nested {
		return err
	}
	seen := make(map[string]bool)
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			name, _ := key.(string)
			switch name {
			case "plugins", "name", "version", "platform", "sha256":
			default:
				return errors.Join(err, fmt.Errorf("unknown field %q", name))
			}
			if seen[name] {
				return fmt.Errorf("field %q is there twice", name)
			}
			seen[name] = true
		}
		if err := checkNames(d); err != nil {
			return err
		}
	}
	_, err = d.Token() // its end
	return err
}

// entry is that of a plugin for this platform, or nil.
func (l *lock) entry(plugin string) *lockEntry {
	if l == nil {
		return nil
	}
	i := slices.IndexFunc(l.Plugins, func(e lockEntry) bool { return e.Name == plugin && e.Platform == platform })
	if i < 0 {
		return nil
	}
	return &l.Plugins[i]
}

// check refuses a plugin whose bytes differ from what was locked; one that is not in
// the lock is refused if strict.
func (l *lock) check(p *Plugin, strict bool) error {
	switch e := l.entry(p.Name); {
	case e == nil && strict:
		return fmt.Errorf("it is not in %s for %s; if it is meant to be, run hostelry plugin lock", LockFile, platform)
	case e != nil && !strings.EqualFold(e.SHA256, p.SHA256):
		return fmt.Errorf("it differs from %s: its sha256 is %s, that of the locked version %s is %s; if the change is meant, run hostelry plugin lock",
			LockFile, p.SHA256, e.Version, e.SHA256)
	}
	return nil
}

// checkVersion refuses a plugin that says that it is of another version than what was
// locked, although its bytes are the same.
func (l *lock) checkVersion(p *Plugin) error {
	if e := l.entry(p.Name); e != nil && e.Version != p.Version {
		return fmt.Errorf("it differs from %s: it says that it is version %q, the locked version is %q; if the change is meant, run hostelry plugin lock",
			LockFile, p.Version, e.Version)
	}
	return nil
}

// WriteLock writes the LockFile of dir: from now on the usable ones of plugins,
// which were loaded from dir, may be launched as they are, and nothing that
// differs from them. Entries of other platforms stay. The command's plugin lock
// calls it.
func WriteLock(dir string, plugins []Plugin) error {
	old, err := readLock(dir)
	if err != nil || old == nil {
		old = &lock{} // one that cannot be read is replaced
	}
	raw, err := json.MarshalIndent(old.renew(plugins), "", "  ")
	if err == nil {
		err = replaceFile(filepath.Join(dir, LockFile), append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", LockFile, err)
	}
	return nil
}

// renew returns a lock with the usable ones of plugins for this platform, and l's
// entries for the others.
func (l *lock) renew(plugins []Plugin) *lock {
	renewed := &lock{Plugins: []lockEntry{}}
	for _, e := range l.Plugins {
		if e.Platform != platform {
			renewed.Plugins = append(renewed.Plugins, e)
		}
	}
	for _, p := range plugins {
		if p.Err == nil {
			renewed.Plugins = append(renewed.Plugins, lockEntry{Name: p.Name, Version: p.Version, Platform: platform, SHA256: p.SHA256})
		}
	}
	slices.SortFunc(renewed.Plugins, func(a, b lockEntry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Platform, b.Platform))
	})
	return renewed
}

// replaceFile writes a file of its own and renames it, so that nobody reads half
// of it.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
