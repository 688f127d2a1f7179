// Package trust asks the system who besides this user and root can change a file, or
// what a directory holds. Catalogs ask it of plugins and their directories, keepers of
// the directories in which they make sockets.
package trust

import "os"

// Check says who else can change f: the bytes of a file, or what this user has in a
// directory. In one with the sticky bit, such as /tmp, others change only what is theirs.
func Check(f *os.File) error { return check(f, true) }

// CheckPrivate says who else can change f, or put anything into it.
func CheckPrivate(f *os.File) error { return check(f, false) }
