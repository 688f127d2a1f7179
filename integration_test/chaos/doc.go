// Package chaos holds tests alone: plugins that misbehave in every way that their
// authors could think of, against a real host; hosts that are killed in the middle
// of their work; and strangers at the door between the two. They run on Linux,
// where processes can be watched closely enough.
package chaos
