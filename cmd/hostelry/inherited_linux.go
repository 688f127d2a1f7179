package main

import (
	"math"

	"golang.org/x/sys/unix"
)

// keepInherited keeps files that this process inherited open, besides its three streams,
// from the plugins that it starts: a shell's <(...) is such a one, and may hold a secret.
// A system older than Linux 5.11 hands them on.
func keepInherited() {
	_ = unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
}
