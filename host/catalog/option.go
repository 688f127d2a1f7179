package catalog

import (
	"fmt"
	"time"
)

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

// WithCacheDir sets where private copies of plugins, and what they said of
// themselves, are kept between runs by the sha256 of their bytes. The default, for
// "" too, is hostelry/plugins under os.UserCacheDir, or where that cannot be
// written a directory of this user's under os.TempDir. A load removes what was not
// used for 30 days, and what was not for longest where there is more than 2 GiB, but
// no copy of a plugin that a host loaded last from its file, as long as that host lives.
func WithCacheDir(dir string) LoadOption {
	return func(l *loader) error {
		if dir != "" {
			l.stores = []string{dir}
		}
		return nil
	}
}

// WithFreshDescriptions asks every plugin what it offers, those too whose bytes are
// known: what a script offers may lie in other files than its own.
func WithFreshDescriptions() LoadOption {
	return func(l *loader) error {
		l.afresh = true
		return nil
	}
}

// WithLocked refuses a plugin that is not in the directory's [LockFile], and a
// directory that has none. Without it, a plugin that the LockFile does not name is
// loaded; one that differs from what the LockFile says is refused either way.
func WithLocked() LoadOption {
	return func(l *loader) error {
		l.locked = true
		return nil
	}
}

// WithoutLock ignores the LockFile, in order to write it anew.
func WithoutLock() LoadOption {
	return func(l *loader) error {
		l.ignoreLock = true
		return nil
	}
}

// WithWritableByOthers accepts plugins and directories that users other than this
// one and root can write. By default they are refused: whoever can write a plugin
// can run anything as this user.
func WithWritableByOthers() LoadOption {
	return func(l *loader) error {
		l.trustAll = true
		return nil
	}
}
