//go:build !linux

package pluginproc

// descends is not asked where nobody can tell who is at the other end of a socket.
func descends(int, int) bool { return false }
