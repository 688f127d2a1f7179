package host_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// soon is a restart policy that costs a test no time.
var soon = host.Restart{When: host.RestartOnFailure, Initial: time.Millisecond, Cap: 10 * time.Millisecond}

// spec adds a task whose Spec change has changed.
func (g *rig) with(kind string, c config, change func(*host.Spec), words ...string) *host.Handle {
	g.t.Helper()
	s := g.spec(kind, c, words...)
	change(&s)
	h, err := g.Add(s)
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

func TestATaskIsBegunAgainUntilItSucceeds(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		h := g.with("fail-until", config{N: 3, Text: "boom"}, func(s *host.Spec) { s.Restart = soon })
		if err := g.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		wantStates(t, host.StateSucceeded, h)
		if string(h.Result()) != "3" || h.Attempts() != 3 || g.NumFailed() != 0 {
			t.Errorf("result %s, %d attempts, %d failed", h.Result(), h.Attempts(), g.NumFailed())
		}
		<-g.events.ended
		var story []string
		for _, e := range g.events.all() {
			if e.Type == host.EventState {
				story = append(story, fmt.Sprint(e.Attempt, " ", e.State, " ", e.Cause, " ", e.Err != nil, " ", !e.Next.IsZero()))
			}
		}
		want := []string{
			"0 pending  false false",
			"1 starting  false false", "1 running  false false", "1 backing-off boom true true",
			"2 starting restart: boom false false", "2 running  false false", "2 backing-off boom true true",
			"3 starting restart: boom false false", "3 running  false false", "3 succeeded  false false",
		}
		if !slices.Equal(story, want) {
			t.Errorf("events:\n%s\nwant\n%s", strings.Join(story, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestRestartsAreSpent(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.StopAll))
		h := g.with("fail", config{Text: "boom"}, func(s *host.Spec) { s.Restart = soon; s.Restart.Max = 2 })
		other := g.add("wait", config{})
		err := g.Run(t.Context())
		e := taskError(t, h)
		if !errors.Is(err, host.ErrRestartsSpent) || e.Attempt != 3 || h.Attempts() != 3 || e.Outcome != host.OutcomeError {
			t.Errorf("Run: %v; attempt %d, %d attempts, outcome %v", err, e.Attempt, h.Attempts(), e.Outcome)
		}
		if want := "boom; its restarts are spent: 2 within 1m0s"; e.Err.Error() != want {
			t.Errorf("the failure is %q, want %q", e.Err, want)
		}
		if g.NumFailed() != 1 {
			t.Errorf("%d failures, want 1", g.NumFailed())
		}
		wantStates(t, host.StateFailed, h)
		wantStates(t, host.StateStopped, other)
	})
}

func TestWhatCannotMendIsNotBegunAgain(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		always := func(s *host.Spec) { s.Restart = soon; s.Restart.When = host.RestartAlways }
		for _, h := range []*host.Handle{
			g.with("fail-for-good", config{Text: "no key"}, always),
			g.with("fail-as", config{Text: "bad-config"}, always, "bad-config"),
			g.with("fail-as", config{Text: "unknown-kind"}, always, "unknown-kind"),
			g.with("fail", config{Text: "never"}, func(s *host.Spec) { s.Restart = host.Restart{} }),
		} {
			defer func() {
				if h.Attempts() != 1 || h.State() != host.StateFailed {
					t.Errorf("%s: %d attempts, %v", h.ID(), h.Attempts(), h.State())
				}
			}()
		}
		if err := g.Run(t.Context()); err == nil {
			t.Error("no failure")
		}
	})
}

func TestAlways(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.with("nothing", config{}, func(s *host.Spec) {
			s.Restart = soon
			s.Restart.When, s.Restart.Max = host.RestartAlways, 3
		})
		err := g.Run(t.Context())
		if !errors.Is(err, host.ErrRestartsSpent) || h.Attempts() != 4 {
			t.Errorf("Run: %v, after %d attempts", err, h.Attempts())
		}
	})
}

// TestACheckpointOutlivesItsAttempt: each attempt gets the newest one.
func TestACheckpointOutlivesItsAttempt(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.with("count-up", config{N: 4, Text: "again"}, func(s *host.Spec) { s.Restart = soon })
		if err := g.Run(t.Context()); err != nil {
			t.Error(err)
		}
		if string(h.Result()) != "4" || h.Attempts() != 4 {
			t.Errorf("result %s after %d attempts", h.Result(), h.Attempts())
		}
	})
}

// TestBackoff: the waits are random below a limit that doubles up to the cap, and
// the window forgets.
func TestBackoff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Goroutine)
		h := g.with("fail", config{Text: "boom"}, func(s *host.Spec) {
			s.Restart = host.Restart{
				When: host.RestartOnFailure, Max: 50, Within: 24 * time.Hour, Initial: time.Second, Cap: 16 * time.Second,
			}
		})
		if err := g.Run(t.Context()); !errors.Is(err, host.ErrRestartsSpent) {
			t.Error(err)
		}
		<-g.events.ended
		var waits []time.Duration
		for _, e := range g.events.all() {
			if e.State == host.StateBackingOff {
				waits = append(waits, e.Next.Sub(e.Time))
			}
		}
		if len(waits) != 50 || h.Attempts() != 51 {
			t.Fatalf("%d waits, %d attempts", len(waits), h.Attempts())
		}
		var sum time.Duration
		for i, w := range waits {
			limit := min(time.Second<<min(i, 10), 16*time.Second)
			if w < 0 || w > limit {
				t.Errorf("wait %d is %v, over %v", i, w, limit)
			}
			if i >= 4 {
				sum += w
			}
		}
		if mean := sum / 46; mean < 4*time.Second || mean > 12*time.Second {
			t.Errorf("the mean of the last waits is %v, want about 8s: full jitter below 16s", mean)
		}
	})
}

// TestAHealthyStretchStartsOver: a task that fails once in a while goes on for ever,
// with short waits.
func TestAHealthyStretchStartsOver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newRig(t, host.Async)
		h := g.with("fail-later", config{For: 2 * time.Minute, Text: "boom"}, func(s *host.Spec) {
			s.Restart = host.Restart{When: host.RestartOnFailure, Max: 1, Initial: time.Second, Cap: time.Hour}
		})
		g.start()
		time.Sleep(24 * time.Hour)
		if n := h.Attempts(); n < 24*30-10 {
			t.Errorf("%d attempts in a day of two minutes each", n)
		}
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAStopEndsABackoff(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.with("fail", config{Text: "boom"}, func(s *host.Spec) {
			s.Restart = host.Restart{When: host.RestartOnFailure, Initial: forever, Cap: forever}
		})
		g.start()
		g.awaitState(h, host.StateBackingOff)
		if h.Next().IsZero() || h.Cause() != "boom" {
			t.Errorf("next %v, cause %q", h.Next(), h.Cause())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, h)
		if h.Attempts() != 1 || h.Err() != nil {
			t.Errorf("%d attempts, %v", h.Attempts(), h.Err())
		}
	})
}

func TestRestartOnRequest(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("wait", config{})
		backing := g.with("fail-until", config{Text: "boom", N: 2, For: forever}, func(s *host.Spec) {
			s.Restart = host.Restart{When: host.RestartOnFailure, Initial: forever, Cap: forever}
		})
		if err := h.Restart(t.Context()); err != nil || h.Attempts() != 0 {
			t.Errorf("before the start: %v, %d attempts", err, h.Attempts())
		}
		g.start()
		g.awaitReady(h)
		g.awaitState(backing, host.StateBackingOff)
		for n := range 3 {
			if err := h.Restart(t.Context()); err != nil || h.Attempts() != n+2 {
				t.Errorf("restart %d: %v, %d attempts", n, err, h.Attempts())
			}
		}
		if err := backing.Restart(t.Context()); err != nil || backing.Attempts() != 2 {
			t.Errorf("restart of a task that backs off: %v, %d attempts", err, backing.Attempts())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantStates(t, host.StateStopped, h, backing)
		if err := h.Restart(t.Context()); !errors.Is(err, host.ErrEnded) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestIsolation(t *testing.T) {
	for _, m := range []host.Mode{host.Goroutine, host.Async} {
		t.Run(m.String(), func(t *testing.T) {
			g := newRig(t, m)
			h := g.with("panic-until", config{Text: "bug", N: 4}, func(s *host.Spec) { s.Restart = soon; s.Isolate = 2 })
			if err := g.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if h.Mode() != host.Process || h.Attempts() != 4 {
				t.Errorf("it ran in %v mode, %d attempts", h.Mode(), h.Attempts())
			}
			var pid int
			if err := json.Unmarshal(h.Result(), &pid); err != nil || pid == 0 {
				t.Errorf("result %s: %v", h.Result(), err)
			}
			<-g.events.ended
			moved := slices.ContainsFunc(g.events.all(), func(e host.Event) bool {
				return e.Attempt == 3 && e.State == host.StateStarting && e.Mode == host.Process &&
					e.Cause == "moved to a process of its own after 2 panics"
			})
			if !moved {
				t.Error("no event says that it was moved")
			}
		})
	}
}

func TestBadSupervisionIsRefused(t *testing.T) {
	r, err := host.New(host.WithCatalog(tested))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop(t.Context())
	for text, change := range map[string]func(*host.Spec){
		"max -2":                  func(s *host.Spec) { s.Restart.Max = -2 },
		"within -1s":              func(s *host.Spec) { s.Restart.Within = -time.Second },
		"factor 0.5":              func(s *host.Spec) { s.Restart.Factor = 0.5 },
		"cap 1s is less":          func(s *host.Spec) { s.Restart.Cap = time.Second; s.Restart.Initial = time.Minute },
		"RestartWhen(9)":          func(s *host.Spec) { s.Restart.When = 9 },
		"watchdog -1s":            func(s *host.Spec) { s.Watchdog = -time.Second },
		"timeout -1s":             func(s *host.Spec) { s.Timeout = -time.Second },
		"start timeout -1s":       func(s *host.Spec) { s.StartTimeout = -time.Second },
		"isolate after -1":        func(s *host.Spec) { s.Isolate = -1 },
		"there is no group \"x\"": func(s *host.Spec) { s.Group = "x" },
		"Need(0)":                 func(s *host.Spec) { s.Needs = map[string]host.Need{"a": 0} },
		"ready: log":              func(s *host.Spec) { s.Ready.Log = "(" },
		"ready: timeout -1s":      func(s *host.Spec) { s.Ready.Timeout = -time.Second },
		"ready: ":                 func(s *host.Spec) { s.Ready.TCP, s.Ready.HTTP = "127.0.0.1:1", "http://127.0.0.1" },
	} {
		s := host.Spec{ID: "a", Kind: "wait"}
		change(&s)
		var bad *host.SpecError
		if _, err := r.Add(s); !errors.As(err, &bad) || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q: %v", text, err)
		}
	}
	if _, err := host.New(host.WithDeadline(0)); err == nil {
		t.Error("a deadline of 0 was accepted")
	}
}
