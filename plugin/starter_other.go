//go:build !linux

package plugin

// starters is not asked where nobody can tell who is at the other end of a socket.
func starters() []int { return nil }
