package host_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// TestTheFirstFailureOfAGroupIsTheRunsResult: what the policy heard of comes first,
// and each failure once.
func TestTheFirstFailureOfAGroupIsTheRunsResult(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		for _, p := range []host.Policy{host.Propagate, host.StopAll} {
			g := newRig(t, m)
			g.group("quiet", host.LogOnly, host.OneForOne)
			g.group("loud", p, host.OneForOne)
			logged := g.with("fail", config{Text: "logged"}, in("quiet"), "logged")
			bad := g.with("fail", config{Text: "told"}, in("loud", needs("fail-logged", host.NeedEnded)), "bad")
			err := g.Run(t.Context())
			var of *host.GroupError
			if !errors.As(err, &of) || of.Group != "loud" || !errors.Is(of, bad.Err()) {
				t.Errorf("%v: Run: %v", p, err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != 2 || !strings.Contains(lines[0], "told") || !strings.Contains(lines[1], "logged") {
				t.Errorf("%v: Run: %v", p, err)
			}
			if g.NumFailed() != 2 || !errors.Is(err, logged.Err()) {
				t.Errorf("%v: %d failures", p, g.NumFailed())
			}
		}
	})
}

// TestTheDeadlineComesFirst, before the failures that it leads to.
func TestTheDeadlineComesFirst(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		for _, p := range host.Policies() {
			g := newRig(t, m, host.WithPolicy(p), host.WithDeadline(2*time.Second))
			h := g.add("late-fail", config{Text: "could not save"})
			g.start()
			g.awaitReady(h)
			err := g.Wait(t.Context())
			if !errors.Is(err, host.ErrDeadline) || !errors.Is(err, h.Err()) {
				t.Errorf("%v: Wait: %v", p, err)
			}
			if g.State() != host.RunEnded {
				t.Errorf("%v: the runner is %v", p, g.State())
			}
		}
	})
}
