package trust

import (
	"os"

	"golang.org/x/sys/unix"
)

// hasACL reports whether f has an access list of more than its mode's three classes.
func hasACL(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	size := 0
	err = conn.Control(func(fd uintptr) {
		size, _ = unix.Fgetxattr(int(fd), "system.posix_acl_access", nil) // an error: there is none
	})
	return err == nil && size > 0
}
