package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// fresh begins the names of what is half made.
const fresh = "hostelry-new-"

// store keeps private copies of plugins by the sha256 of their bytes, and beside
// each what it said of itself: a directory each, DIR/SHA256/. What was checked is
// what runs: a plugin is launched from its copy, and whoever replaces or rewrites
// the file in the plugin directory changes neither a run nor a check.
type store struct{ dir string }

// defaultStores are where a store may be, the best first.
func defaultStores() []string {
	var dirs []string
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(cache, "hostelry", "plugins"))
	}
	return append(dirs, filepath.Join(os.TempDir(), "hostelry-plugins-"+strconv.Itoa(os.Getuid())))
}

// openStore returns the first store that can be written, and where nobody else can.
func openStore(dirs []string) (*store, error) {
	var errs []error
	for _, dir := range dirs {
		dir, err := makePrivate(dir)
		if err == nil {
			s := &store{dir}
			s.prune(mostBytes)
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("no directory for the plugins' private copies: %w", errors.Join(errs...))
}

// makePrivate also tries to write. It returns the directory's own path: a link in
// the path may lead elsewhere later, and so may a relative one.
func makePrivate(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	if err := private(info); err != nil {
		return "", fmt.Errorf("%s: %w", dir, err)
	}
	probe, err := os.MkdirTemp(dir, fresh)
	if err == nil {
		err = os.Remove(probe)
	}
	return dir, err
}

// add makes sure that there is a copy of the bytes that f holds, and returns their
// sha256. The name is the copy's file name.
func (s *store) add(f *os.File, name string) (string, error) {
	sum, size, err := copyHash(io.Discard, f)
	if err != nil {
		return "", err
	}
	if s.has(sum, name, size) {
		return sum, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(s.dir, fresh)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return "", err
	}
	sum, _, err = copyHash(file, f) // anew: what counts is what the copy holds
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("copy the plugin: %w", err)
	}
	err = os.Rename(dir, filepath.Join(s.dir, sum))
	if err != nil { // another host was first, or the same plugin has another name too
		err = os.Rename(filepath.Join(dir, name), s.path(sum, name))
	}
	if err != nil {
		return "", fmt.Errorf("keep a copy of the plugin: %w", err)
	}
	return sum, nil
}

// copyHash returns the sha256 of what it copies, in hex, and the number of bytes.
func copyHash(w io.Writer, r io.Reader) (sum string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, h), r)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// has reports whether the copy is there, and marks it as used. One of another size
// was cut short when the system crashed.
func (s *store) has(sum, name string, size int64) bool {
	now := time.Now()
	info, err := os.Stat(s.path(sum, name))
	return err == nil && info.Size() == size && os.Chtimes(s.path(sum, name), now, now) == nil
}

func (s *store) path(sum, name string) string { return filepath.Join(s.dir, sum, name) }

// description is the file of what the copy said of itself. A newer protocol may
// tell more.
func (s *store) description(sum string) string {
	return filepath.Join(s.dir, sum, fmt.Sprintf("description-v%d.json", wire.ProtocolVersion))
}

func (s *store) describe(sum string) (d wire.Description, ok bool) {
	raw, err := os.ReadFile(s.description(sum))
	return d, err == nil && json.Unmarshal(raw, &d) == nil && (d.Name != "" || len(d.Kinds) > 0)
}

// keep keeps a description for hosts that start later, or at the same moment. If
// it cannot, the plugin is asked again next time.
func (s *store) keep(sum string, d wire.Description) {
	if raw, err := json.Marshal(d); err == nil {
		_ = replaceFile(s.description(sum), raw)
	}
}
