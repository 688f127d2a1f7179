//go:build unix

package catalog

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// trusted reports whom the system lets change a file, besides this user and root.
// A group is no other if it is this user's own, which on many systems has one
// member. In a directory with the sticky bit, others change only what is theirs.
func trusted(info fs.FileInfo) error {
	return writable(info, info.IsDir() && info.Mode()&fs.ModeSticky != 0)
}

// private reports whom the system lets put anything into a directory, besides this
// user and root.
func private(info fs.FileInfo) error { return writable(info, false) }

func writable(info fs.FileInfo, sticky bool) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode()
	switch {
	case !ok:
		return nil
	case stat.Uid != 0 && int(stat.Uid) != os.Getuid():
		return fmt.Errorf("it belongs to user %d, who can change it", stat.Uid)
	case mode.Perm()&0o002 != 0 && !sticky:
		return fmt.Errorf("everybody can write it (%v)", mode)
	case mode.Perm()&0o020 != 0 && int(stat.Gid) != os.Getgid() && stat.Gid != 0:
		return fmt.Errorf("group %d can write it (%v)", stat.Gid, mode)
	}
	return nil
}
