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

const platform = runtime.GOOS + "/" + runtime.GOARCH

// readLock returns nil if the directory has none.
func readLock(dir string) (*lock, error) {
	path := filepath.Join(dir, LockFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
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
	if l.Plugins == nil {
		return nil, errors.New("it has no list of plugins")
	}
	for i, e := range l.Plugins {
		sum, err := hex.DecodeString(e.SHA256)
		switch {
		case task.ValidateName(e.Name) != nil:
			return nil, fmt.Errorf("plugins[%d]: %w", i, task.ValidateName(e.Name))
		case e.Platform == "":
			return nil, fmt.Errorf("plugins[%d]: %s has no platform", i, e.Name)
		case err != nil || len(sum) != sha256.Size:
			return nil, fmt.Errorf("plugins[%d]: the sha256 of %s is %q", i, e.Name, e.SHA256)
		}
	}
	return &l, nil
}

// check refuses a plugin that differs from what was locked; one that is not in
// the lock is refused if strict.
func (l *lock) check(name, sum string, strict bool) error {
	if l == nil {
		return nil
	}
	for _, e := range l.Plugins {
		switch {
		case e.Name != name || e.Platform != platform:
		case strings.EqualFold(e.SHA256, sum):
			return nil
		default:
			return fmt.Errorf("it differs from %s: its sha256 is %s, that of the locked version %s is %s; if the change is meant, run hostelry plugin lock",
				LockFile, sum, e.Version, e.SHA256)
		}
	}
	if strict {
		return fmt.Errorf("it is not in %s for %s; if it is meant to be, run hostelry plugin lock", LockFile, platform)
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
