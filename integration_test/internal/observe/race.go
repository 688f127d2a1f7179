//go:build race

package observe

// Racing says that the race detector watches, which makes all ten times as slow.
const Racing = true
