package main

import (
	"context"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// TestProcessSides: each measures something, of little work here, and leaves nothing
// behind.
func TestProcessSides(t *testing.T) {
	for name, c := range map[string]struct {
		side       measurement
		quantities int
	}{
		"launch":                 {launchOurs(2, host.Spec{Kind: "park"}), 1},
		"launch, go-plugin":      {launchTheirs(2, false), 1},
		"launch, AutoMTLS":       {launchTheirs(2, true), 1},
		"launch, nothing":        {launchNothing(2), 1},
		"launch many":            {launchManyOurs(3), 1},
		"launch many, go-plugin": {launchManyTheirs(3), 1},
		"launch many, nothing":   {launchManyNothings(3), 1},
		"progress":               {progressOurs(2, 1000), 2},
		"progress, bare":         {progressBare(2, 1000), 2},
		"sibling":                {siblingOurs(10), 3},
		"sibling, bare":          {siblingBare(10), 3},
		"result":                 {resultOurs(1 << 20), 1},
		"result, bare":           {resultBare(1 << 20), 1},
		"result, unix socket":    {resultSocket(1 << 20), 1},
		"stop":                   {stopOurs(3), 1},
		"stop, go-plugin":        {stopTheirs(3), 1},
		"stop, nothing":          {stopNothings(3), 1},
		"cost":                   {costOurs(3), 2},
		"cost, go-plugin":        {costTheirs(3), 2},
	} {
		t.Run(name, func(t *testing.T) { leavesNothing(t, c.side, c.quantities) })
	}
}

// leavesNothing checks that a side measures so many numbers, and leaves this process as
// it was.
func leavesNothing(t *testing.T, side measurement, quantities int) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	observe.WantNothingLeft(t, func() {
		values, err := side(t.Context())
		if err != nil {
			t.Error(err)
		}
		if len(values) != quantities {
			t.Errorf("it measured %v, want %d numbers", values, quantities)
		}
		for _, v := range values {
			if v <= 0 {
				t.Errorf("it measured %v", values)
			}
		}
	})
}

// TestProcessSidesEnd when they are told to, with an error.
func TestProcessSidesEnd(t *testing.T) {
	for name, side := range map[string]measurement{
		"result": resultOurs(1 << 10), "progress": progressOurs(1, 10), "sibling": siblingOurs(10),
		"progress, bare": progressBare(1, 10), "sibling, bare": siblingBare(10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			observe.WantNothingLeft(t, func() {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if values, err := side(ctx); err == nil {
					t.Errorf("it measured %v", values)
				}
			})
		})
	}
}
