//go:build unix

package plugin

import (
	"os"
	"syscall"
)

// lifelineEnd is stdin, whose end is the host's. It is read as the network is: a
// read that holds a thread would have Go's scheduler lack a processor just when
// the host connects, for a fortieth of the launch.
func lifelineEnd() *os.File {
	if err := syscall.SetNonblock(0, true); err != nil {
		return os.Stdin
	}
	return os.NewFile(0, "lifeline")
}
