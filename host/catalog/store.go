package catalog

import (
	"context"
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

	"github.com/hostelry-run/hostelry/host/internal/trust"
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

// openStore returns the first store that can be written, and run from, and where nobody
// else can write.
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

// makePrivate also tries whether a program there could be written and run. It returns the
// directory's own path: a link in the path may lead elsewhere later, and so may a
// relative one.
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
	f, err := os.Open(dir)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := trust.CheckPrivate(f); err != nil {
		return "", fmt.Errorf("%s: %w", dir, err)
	}
	return dir, probe(dir)
}

// probe makes a program, which nobody runs.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, fresh)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(f.Chmod(0o700), f.Close()); err != nil {
		return err
	}
	if err := canRun(f.Name()); err != nil {
		return fmt.Errorf("no program can be run from %s, most likely since it is mounted noexec: %w", dir, err)
	}
	return nil
}

// add makes sure that there is a copy of the bytes that f holds, and returns their
// sha256. The name is the copy's file name. It fails with ctx's cause if ctx ends first.
func (s *store) add(ctx context.Context, f *os.File, name string) (string, error) {
	sum, err := copyHash(ctx, io.Discard, f)
	if err != nil {
		return "", err
	}
	if s.has(ctx, sum, name) {
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
	sum, err = copyHash(ctx, file, f) // anew: what counts is what the copy holds
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("copy the plugin: %w", err)
	}
	if err := s.put(dir, sum, name); err != nil {
		return "", fmt.Errorf("keep a copy of the plugin: %w", err)
	}
	return sum, nil
}

// put gives the copy in dir its place.
func (s *store) put(dir, sum, name string) error {
	place := filepath.Join(s.dir, sum)
	err := os.Rename(dir, place)
	if err == nil {
		return nil
	}
	// Another host was first, or the same plugin has another name too.
	if os.Chmod(place, 0o700) == nil && os.Rename(filepath.Join(dir, name), s.path(sum, name)) == nil {
		return nil
	}
	_ = os.RemoveAll(place) // it is no copy's
	return os.Rename(dir, place)
}

// copyHash returns the sha256 of what it copies, in hex.
func copyHash(ctx context.Context, w io.Writer, f *os.File) (sum string, err error) {
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(w, h), untilDone{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), err
}

// untilDone reads until ctx ends: what is in a plugin directory may be of any size.
type untilDone struct {
	ctx context.Context //nolint:containedctx // of one copy
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.r.Read(p)
}

// has reports whether the copy is there, and marks it as used. Its bytes are hashed each
// time: it may have been cut short when the system crashed, and a plugin, which runs as
// this user, can have changed it.
func (s *store) has(ctx context.Context, sum, name string) bool {
	f, err := openRegular(s.path(sum, name))
	if err != nil {
		return false
	}
	defer f.Close()
	found, err := copyHash(ctx, io.Discard, f)
	if err != nil || found != sum || trust.Check(f) != nil || canRun(f.Name()) != nil {
		return false
	}
	now := time.Now()
	return os.Chmod(filepath.Join(s.dir, sum), 0o700) == nil && os.Chtimes(f.Name(), now, now) == nil
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
