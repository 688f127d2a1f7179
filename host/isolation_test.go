package host_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

// TestIsolationComesWithTheNextAttempt: where none follows, the task ran where it ran.
func TestIsolationComesWithTheNextAttempt(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				g := newRig(t, m)
				h := g.with("panic", config{Text: "bug"}, func(s *host.Spec) { s.Isolate = 1 })
				_ = g.Run(t.Context())
				<-g.events.ended
				for _, e := range g.events.all() {
					if e.Mode != m {
						t.Errorf("%v in mode %v", e.State, e.Mode)
					}
				}
				if h.Mode() != m || taskError(t, h).Mode != m {
					t.Errorf("it ran in mode %v", h.Mode())
				}
			})
		})
	}
}

// TestIsolationOfWhatOnlyThisProcessHas fails, once.
func TestIsolationOfWhatOnlyThisProcessHas(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			g := newRig(t, m, doing("local", func(context.Context) error { panic("bug") }))
			h := g.with("local", config{}, func(s *host.Spec) { s.Isolate, s.Restart = 1, soon })
			_ = g.Run(t.Context())
			e := taskError(t, h)
			if h.Attempts() != 2 || e.Mode != host.Process || e.Outcome != host.OutcomeLaunchFailed || !strings.Contains(e.Error(), "was not given to plugin.ServeSelf") {
				t.Errorf("%d attempts, %v: %v", h.Attempts(), e.Outcome, e)
			}
		})
	}
}
