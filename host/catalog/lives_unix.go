//go:build unix

package catalog

import (
	"errors"
	"syscall"
)

// lives reports whether there is a process of that number.
func lives(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
