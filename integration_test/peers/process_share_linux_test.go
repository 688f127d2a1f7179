package main

import "testing"

// TestShareSides is TestProcessSides for processes that wait, or that tasks share.
func TestShareSides(t *testing.T) {
	p := built(t)
	for name, side := range map[string]measurement{
		"warm": p.launchWarm(2, 2), "shared": p.sharedOurs(20), "shared, bare": p.sharedBare(20), "shared, socket": p.sharedSocket(20),
	} {
		t.Run(name, func(t *testing.T) { leavesNothing(t, side, 1) })
	}
}
