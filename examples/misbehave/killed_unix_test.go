//go:build unix

package main

// killed is how a process that was killed reads.
const killed = "signal: killed"
