package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/schema"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Prefix begins the name of every plugin's file.
const Prefix = "hostelry-"

// ErrNotNamed is the reason of a row for a file whose name does not begin with
// [Prefix]. Such a file is not opened: a directory may hold others.
var ErrNotNamed = errors.New("skipped: its name does not begin with " + Prefix)

// Plugin is a row for one file of a plugin directory.
type Plugin struct {
	// Name is the file's name without Prefix (and on Windows without .exe).
	Name string
	// Version is what the plugin says.
	Version string
	// Path is the file's.
	Path string
	// Kinds are what it offers, in its own order.
	Kinds []Kind
	// Err is why the file is not usable, or nil.
	Err error
}

// atOnce is how many plugins are launched side by side to describe themselves.
const atOnce = 32

// farewell is how long a plugin that has described itself may take to exit.
const farewell = 2 * time.Second

// LoadOption is an option of [Catalog.Load].
type LoadOption func(*loader) error

// WithStartTimeout sets how long a plugin may take to start and describe itself.
// It must be positive. The default is 10 seconds.
func WithStartTimeout(d time.Duration) LoadOption {
	return func(l *loader) error {
		if d <= 0 {
			return fmt.Errorf("start timeout %v is not positive", d)
		}
		l.startTimeout = d
		return nil
	}
}

// WithCacheDir sets where descriptions are kept between runs, by the content of
// the plugin's file; "" keeps none. The default is hostelry/descriptions under
// os.UserCacheDir, or none where that is not known. A cache that cannot be read
// or written is no error: the plugin is launched.
func WithCacheDir(dir string) LoadOption {
	return func(l *loader) error {
		l.cache = cache{dir}
		return nil
	}
}

type loader struct {
	startTimeout time.Duration
	cache        cache
	keepOnce     sync.Once
	keeper       *keeper.Keeper // nil until a plugin is launched
}

// Load adds the kinds of the plugins in dir: the executables whose names begin
// with [Prefix]. Those whose description is not in the cache are launched side by
// side and ended again; none is left when Load returns. A file that is not usable
// becomes a row of Plugins with its reason and keeps no other from loading: the
// error is about dir itself, an option, or ctx's end.
func (c *Catalog) Load(ctx context.Context, dir string, opts ...LoadOption) error {
	l := &loader{startTimeout: 10 * time.Second, cache: defaultCache()}
	for _, opt := range opts {
		if err := opt(l); err != nil {
			return err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("plugin directory: %w", err)
	}
	defer func() { l.keeper.Close() }()
	rows := l.loadAll(ctx, dir, entries)
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("plugin directory %s: %w", dir, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range rows {
		c.addLocked(row.Kinds)
	}
	c.plugins = append(c.plugins, rows...)
	slices.SortStableFunc(c.plugins, func(a, b Plugin) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

func (l *loader) loadAll(ctx context.Context, dir string, entries []os.DirEntry) []Plugin {
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
	rows := make([]Plugin, len(entries))
	slots := make(chan struct{}, atOnce)
	var loading sync.WaitGroup
	for i, entry := range entries {
		loading.Go(func() { // ends by the start timeout
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[i] = l.load(ctx, filepath.Join(dir, entry.Name()))
		})
	}
	loading.Wait()
	return rows
}

func (l *loader) load(ctx context.Context, path string) Plugin {
	p := Plugin{Path: path, Name: strings.TrimPrefix(filepath.Base(path), Prefix)}
	if runtime.GOOS == "windows" {
		p.Name = strings.TrimSuffix(p.Name, ".exe")
	}
	description, err := l.describe(ctx, path)
	if err == nil {
		p.Version = description.Version
		p.Kinds, err = pluginKinds(p, description)
	}
	p.Err = err
	return p
}

// describe finds out what the file offers: from the cache, or by a launch.
func (l *loader) describe(ctx context.Context, path string) (wire.Description, error) {
	if err := checkFile(path); err != nil {
		return wire.Description{}, err
	}
	key, err := contentKey(path)
	if err != nil {
		return wire.Description{}, err
	}
	if d, ok := l.cache.get(key); ok {
		return d, nil
	}
	d, err := l.launch(ctx, path)
	if err == nil {
		l.cache.put(key, d)
	}
	return d, err
}

func checkFile(path string) error {
	if !strings.HasPrefix(filepath.Base(path), Prefix) {
		return ErrNotNamed
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a directory; a plugin is an executable file")
	case !info.Mode().IsRegular():
		return fmt.Errorf("it is no regular file (%s)", info.Mode().Type())
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("it is not executable: chmod +x %s", path)
	}
	return nil
}

func (l *loader) launch(ctx context.Context, path string) (wire.Description, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.startTimeout,
		fmt.Errorf("no answer within the start timeout of %v", l.startTimeout))
	defer cancel()
	l.keepOnce.Do(func() { l.keeper = keeper.Start() })
	process, err := pluginproc.Launch(ctx, pluginproc.Config{
		Path: path, Logger: slog.New(slog.DiscardHandler), Keeper: l.keeper,
	})
	if err != nil {
		return wire.Description{}, err
	}
	d, err := process.Client().Describe(ctx)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	ctx, cancel = context.WithTimeout(ctx, farewell)
	defer cancel()
	process.Close(ctx)
	return d, err
}

// pluginKinds checks what a plugin says of itself.
func pluginKinds(p Plugin, d wire.Description) ([]Kind, error) {
	var kinds []Kind
	for _, k := range d.Kinds {
		if err := task.ValidateName(k.Name); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(kinds, func(other Kind) bool { return other.Name == k.Name }) {
			return nil, fmt.Errorf("it offers the kind %q twice", k.Name)
		}
		raw := k.ConfigSchema
		if len(raw) == 0 {
			raw = []byte(`{"type":"object"}`)
		}
		compiled, err := schema.Compile(raw)
		if err != nil {
			return nil, fmt.Errorf("the config schema of kind %q: %w", k.Name, err)
		}
		kinds = append(kinds, Kind{
			Name: k.Name, Plugin: p.Name, Description: k.Description, Schema: raw, path: p.Path, compiled: compiled,
		})
	}
	if len(kinds) == 0 {
		return nil, errors.New("it offers no kinds")
	}
	return kinds, nil
}
