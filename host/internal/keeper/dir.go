package keeper

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/hostelry-run/hostelry/host/internal/trust"
)

// longestBase is how long the path of a base may be in bytes: the system allows a socket's
// about 100.
const longestBase = 40

// Dir is a private directory to make sockets in, with a path short enough for them:
// the system allows about 100 bytes. Who is done with it, and has removed what it made
// there, calls release. A Keeper has one for all, which Close removes: to make and
// remove one is dear, on a journaling file system a fifth of the host's part in a
// plugin's end. Of a nil Keeper each call makes another, which release removes.
func (k *Keeper) Dir() (path string, release func(), err error) {
	if k == nil {
		path, err = k.makeDir()
		return path, func() { _ = os.RemoveAll(path) }, err
	}
	k.making.Lock()
	defer k.making.Unlock()
	if _, err := os.Lstat(k.dir); err != nil { // there is none yet, or somebody has tidied up
		k.removeDir()
		if k.dir, err = k.makeDir(); err != nil {
			return "", nil, err
		}
	}
	return k.dir, func() {}, nil
}

// makeDir makes a directory in the first of bases that takes one.
func (k *Keeper) makeDir() (string, error) {
	failures := []error{fmt.Errorf(
		"no directory for the plugin's socket: set TMPDIR to one that this user can write, that others cannot or that has the sticky bit, with a path of at most %d bytes", longestBase)}
	for _, base := range bases() {
		if base == "" {
			continue
		}
		dir, err := k.makeDirIn(base)
		if err == nil {
			return dir, nil
		}
		failures = append(failures, err)
	}
	return "", errors.Join(failures...)
}

// makeDirIn refuses a base in which others could put something in the directory's place.
// The keeper, which is elsewhere, hears of the directory before it is made, lest the host
// die between the two.
func (k *Keeper) makeDirIn(base string) (string, error) {
	base, err := filepath.Abs(base)
	if err != nil {
		return "", err
	}
	if len(base) > longestBase {
		return "", fmt.Errorf("%s: the path is too long", base)
	}
	f, err := os.Open(base)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := trust.Check(f); err != nil {
		return "", fmt.Errorf("%s: %w", base, err)
	}
	dir := filepath.Join(base, "hostelry-"+rand.Text()[:10])
	k.AddDir(dir)
	if err = os.Mkdir(dir, 0o700); err != nil {
		k.RemoveDir(dir)
		return "", err
	}
	return dir, nil
}

// bases are where the directory may be: where the environment says that temporary files
// go, if it does; else where the system keeps files in memory, as to remove a directory,
// of which each plugin has one in it, takes a tenth there of what it takes on a disk.
func bases() []string {
	if runtime.GOOS == "linux" {
		return []string{os.Getenv("TMPDIR"), os.Getenv("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp"}
	}
	return []string{os.TempDir(), os.Getenv("XDG_RUNTIME_DIR"), "/tmp"}
}

// removeDir removes the one for all. It is called under making.
func (k *Keeper) removeDir() {
	if k.dir == "" {
		return
	}
	_ = os.RemoveAll(k.dir)
	k.RemoveDir(k.dir)
	k.dir = ""
}
