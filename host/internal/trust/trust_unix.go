//go:build unix

package trust

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

func check(f *os.File, sticky bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode()
	switch {
	case !ok:
		return nil
	case !isTrusted(stat.Uid):
		return fmt.Errorf("it belongs to user %d, who can change it", stat.Uid)
	case sticky && info.IsDir() && mode&fs.ModeSticky != 0:
		return nil
	case mode.Perm()&0o002 != 0:
		return fmt.Errorf("everybody can write it (%v)", mode)
	case mode.Perm()&0o020 == 0:
		return nil
	case hasACL(f): // the group's bits are the most that it gives to anybody
		return fmt.Errorf("its access list lets others write it (%v): see getfacl", mode)
	case !ownGroup(int(stat.Gid)):
		return fmt.Errorf("group %d can write it (%v)", stat.Gid, mode)
	}
	return nil
}

// isTrusted reports whether a user is this one, or root, whom nothing is kept from. In a
// user namespace that has no root of its own, that is who the root directory belongs to.
func isTrusted(uid uint32) bool {
	if uid == 0 || int(uid) == os.Getuid() {
		return true
	}
	info, err := os.Stat("/")
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == uid
}

// ownGroup reports whether a group is root's, or one that this user has for itself: the
// user's first, with the same number or the same name, as systems make it that give new
// files to that group.
func ownGroup(gid int) bool {
	if gid == 0 || gid == os.Getuid() && gid == os.Getgid() {
		return true
	}
	if gid != os.Getgid() {
		return false
	}
	group, err := user.LookupGroupId(strconv.Itoa(gid))
	if err != nil {
		return false
	}
	own, err := user.LookupId(strconv.Itoa(os.Getuid()))
	return err == nil && own.Username == group.Name
}
