package main

import (
	"context"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// TestProcessSides: each measures something, of little work here, and leaves nothing
// behind.
func TestProcessSides(t *testing.T) {
	p := built(t)
	self, err := itself()
	if err != nil {
		t.Fatal(err)
	}
	park := host.Spec{Kind: "park"}
	for name, c := range map[string]struct {
		side       measurement
		quantities int
	}{
		"launch":                 {p.launchOurs(2, park), 1},
		"launch, go-plugin":      {p.launchTheirs(2, false), 1},
		"launch, AutoMTLS":       {p.launchTheirs(2, true), 1},
		"launch, nothing":        {p.launchNothing(2), 1},
		"launch self":            {self.launchOurs(2, park), 1},
		"launch self, go-plugin": {self.launchTheirs(2, false), 1},
		"launch self, nothing":   {self.launchNothing(2), 1},
		"launch many":            {p.launchManyOurs(3), 1},
		"launch many, go-plugin": {p.launchManyTheirs(3), 1},
		"launch many, nothing":   {p.launchManyNothings(3), 1},
		"progress":               {p.progressOurs(2, 1000), 1},
		"progress, bare":         {p.progressBare("newest", 2, 1000), 1},
		"delay":                  {p.delayOurs(20 * time.Millisecond), 2},
		"delay, bare":            {p.delayBare("flood", time.Millisecond), 2},
		"delay, newest":          {p.delayBare("newest", 20*time.Millisecond), 2},
		"log":                    {p.logOurs(100, host.ShareTask), 1},
		"log, go-plugin":         {p.logTheirs(100), 1},
		"log stream":             {p.logOurs(100, host.SharePlugin), 1},
		"log stream, bare":       {p.logBare(100), 1},
		"checkpoint":             {p.checkpointOurs(1000), 1},
		"checkpoint, bare":       {p.checkpointBare(1000), 1},
		"sibling":                {p.siblingOurs(10), 3},
		"sibling, bare":          {p.siblingBare(10), 3},
		"result":                 {p.resultOurs(1 << 20), 1},
		"result, bare":           {p.resultBare(1 << 20), 1},
		"result, unix socket":    {p.resultSocket(1 << 20), 1},
		"stop":                   {p.stopOurs(3), 1},
		"stop, go-plugin":        {p.stopTheirs(3), 1},
		"stop, nothing":          {p.stopNothings(3), 1},
		"cost":                   {p.costOurs(3), 2},
		"cost, go-plugin":        {p.costTheirs(3), 2},
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
	p := built(t)
	for name, side := range map[string]measurement{
		"result": p.resultOurs(1 << 10), "progress": p.progressOurs(1, 10), "sibling": p.siblingOurs(10), "delay": p.delayOurs(time.Hour),
		"log": p.logOurs(10, host.ShareTask), "progress, bare": p.progressBare("flood", 1, 10), "sibling, bare": p.siblingBare(10),
		"delay, bare": p.delayBare("newest", time.Hour), "log, go-plugin": p.logTheirs(10), "log, bare": p.logBare(10),
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
