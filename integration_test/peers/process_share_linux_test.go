package main

import "testing"

// TestShareSides is TestProcessSides for processes that wait, or that tasks share.
func TestShareSides(t *testing.T) {
	for name, side := range map[string]measurement{
		"warm": launchWarm(2, 2), "shared": sharedOurs(20), "shared, bare": sharedBare(20), "shared, socket": sharedSocket(20),
	} {
		t.Run(name, func(t *testing.T) { leavesNothing(t, side, 1) })
	}
}
