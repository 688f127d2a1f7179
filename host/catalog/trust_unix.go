//go:build unix

package catalog

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// trusted reports whom the system lets write a file, besides this user and root.
// A group is no other if it is this user's own, which on many systems has one
// member.
func trusted(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode()
	switch {
	case !ok:
		return nil
	case stat.Uid != 0 && int(stat.Uid) != os.Getuid():
		return fmt.Errorf("it belongs to user %d, who can change it", stat.Uid)
	case mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0:
		return fmt.Errorf("everybody can write it (%v)", mode)
	case mode.Perm()&0o020 != 0 && int(stat.Gid) != os.Getgid() && stat.Gid != 0:
		return fmt.Errorf("group %d can write it (%v)", stat.Gid, mode)
	}
	return nil
}
