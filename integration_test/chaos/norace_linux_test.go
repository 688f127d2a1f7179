//go:build !race

package chaos

// racing says that the race detector watches, which makes all ten times as slow.
const racing = false
