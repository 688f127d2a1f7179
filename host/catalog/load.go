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
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/internal/trust"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// Prefix begins the name of every plugin's file.
const Prefix = "hostelry-"

// atOnce is how many plugins are launched side by side to describe themselves.
const atOnce = 32

type loader struct {
	startTimeout time.Duration
	stores       []string // where the store may be
	locked       bool
	ignoreLock   bool
	trustAll     bool
	afresh       bool // what is known of plugins does not count
	attached     func(plugin string) bool

	store    *store
	lock     *lock // nil if there is none
	keepOnce sync.Once
	keeper   *keeper.Keeper // nil until a plugin is launched
}

// Load adds the kinds of the plugins in dir: the executables whose names begin
// with [Prefix]. Each is hashed and copied through one open file, and only that
// copy is ever launched. Those whose description is not known yet are launched
// side by side and ended again; none is left when Load returns. What an earlier
// Load of the same directory added is replaced.
//
// A file that is not usable becomes a row of Plugins with its reason and keeps no
// other from loading: the error is about dir itself, its LockFile, an option, or
// ctx's end.
func (c *Catalog) Load(ctx context.Context, dir string, opts ...LoadOption) error {
	l := &loader{startTimeout: 10 * time.Second, stores: defaultStores(), attached: c.isAttached}
	for _, opt := range opts {
		if err := opt(l); err != nil {
			return err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	entries, err := l.open(dir)
	if err != nil {
		return fmt.Errorf("plugin directory %s: %w", dir, err)
	}
	defer func() { l.keeper.Close() }()
	rows := l.loadAll(ctx, dir, entries)
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("plugin directory %s: %w", dir, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replaceLocked(dir, rows)
	return nil
}

// open checks the directory itself and lists it.
func (l *loader) open(dir string) ([]os.DirEntry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err == nil {
		err = l.checkTrust(f)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	if !l.ignoreLock {
		if l.lock, err = readLock(dir); err != nil {
			return nil, err
		}
	}
	if l.locked && l.lock == nil {
		return nil, fmt.Errorf("it has no %s: write it with hostelry plugin lock", LockFile)
	}
	l.store, err = openStore(l.stores)
	return entries, err
}

func (l *loader) checkTrust(f *os.File) error {
	if l.trustAll {
		return nil
	}
	if err := trust.Check(f); err != nil {
		return fmt.Errorf("%w: whoever can write it can run anything as you; take the right away, or allow it by --allow-writable (catalog.WithWritableByOthers)", err)
	}
	return nil
}

func (l *loader) loadAll(ctx context.Context, dir string, entries []os.DirEntry) []Plugin {
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		return strings.HasPrefix(e.Name(), ".") || e.Name() == LockFile
	})
	rows := make([]Plugin, len(entries))
	slots := make(chan struct{}, atOnce)
	var loading sync.WaitGroup
	for i, entry := range entries {
		loading.Go(func() { // ends by the start timeout
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[i] = Plugin{Path: filepath.Join(dir, entry.Name()), Name: pluginName(entry.Name())}
			rows[i].Err = l.load(ctx, &rows[i])
		})
	}
	loading.Wait()
	return rows
}

// load fills the row, or says why the file is not usable.
func (l *loader) load(ctx context.Context, p *Plugin) error {
	file := filepath.Base(p.Path)
	if !strings.HasPrefix(file, Prefix) {
		return ErrNotNamed
	}
	if err := task.ValidateName(p.Name); err != nil {
		return fmt.Errorf("after %s its file's name must be a plugin's: %w", Prefix, err)
	}
	if p.Name == BuiltIn {
		return fmt.Errorf("%s/KIND stands for a kind of the host's own program: give the file another name", BuiltIn)
	}
	if l.attached(p.Name) {
		return ErrAttached
	}
	if err := l.copy(ctx, p); err != nil {
		return err
	}
	if err := l.lock.check(p, l.locked); err != nil {
		return err
	}
	d, known := l.store.describe(p.SHA256)
	if !known || l.afresh {
		var err error
		if d, err = l.launch(ctx, p); err != nil {
			return err
		}
		l.store.keep(p.SHA256, d)
	}
	p.Version = d.Version
	if err := l.lock.checkVersion(p); err != nil {
		return err
	}
	kinds, err := pluginKinds(p, l.store.path(p.SHA256, file), d)
	p.Kinds = kinds
	return err
}

// copy checks the file and puts what it holds into the store, through one
// descriptor.
func (l *loader) copy(ctx context.Context, p *Plugin) error {
	f, err := openRegular(p.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("it is not executable: chmod +x %s", p.Path)
	}
	if err := l.checkTrust(f); err != nil {
		return err
	}
	if p.SHA256, err = l.store.add(ctx, f, filepath.Base(p.Path)); err == nil {
		l.store.use(p.Path, p.SHA256)
	}
	return err
}

// openRegular opens a file that is one, and asks twice: to open a socket fails, and a
// device may do something; and a named pipe that took its place since would block.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func checkRegular(info os.FileInfo) error {
	switch {
	case info.IsDir():
		return errors.New("it is a directory, and should be a file")
	case !info.Mode().IsRegular():
		return fmt.Errorf("it is no regular file (%v)", info.Mode().Type())
	}
	return nil
}

// launch starts the plugin's copy and asks it what it offers.
func (l *loader) launch(ctx context.Context, p *Plugin) (wire.Description, error) {
	ctx, giveUp := context.WithCancelCause(ctx) // not a deadline, of which the plugin would know and say it first
	defer giveUp(nil)
	timer := time.AfterFunc(l.startTimeout, func() {
		giveUp(fmt.Errorf("no answer within the start timeout of %v", l.startTimeout))
	})
	defer timer.Stop()
	l.keepOnce.Do(func() { l.keeper = keeper.Start(slog.New(slog.DiscardHandler)) })
	return pluginproc.Describe(ctx, pluginproc.Config{
		Path: l.store.path(p.SHA256, filepath.Base(p.Path)), File: p.Path,
		Logger: slog.New(slog.DiscardHandler), Keeper: l.keeper,
	})
}
