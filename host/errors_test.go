package host_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestSentinelsAreFoundInEveryMode(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		for name := range sentinels {
			g.add("fail-as", config{Text: name}, name)
		}
		all := g.Run(t.Context())
		for _, h := range g.Handles() {
			wantStates(t, host.StateFailed, h) // nobody had asked it to stop
			for name, sentinel := range sentinels {
				want := h.ID() == "fail-as-"+name
				if got := errors.Is(h.Err(), sentinel); got != want {
					t.Errorf("%s: that it is %v is %v", h.ID(), sentinel, got)
				}
			}
			if !errors.Is(all, h.Err()) {
				t.Errorf("Run's result does not join %v", h.Err())
			}
		}
	})
}

func TestPermanentFailureIsPermanentInEveryMode(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		permanent, other := g.add("fail-for-good", config{Text: "no licence"}), g.add("fail", config{Text: "no luck"})
		if err := g.Run(t.Context()); err == nil {
			t.Error("Run returned nil")
		}
		if !task.IsPermanent(permanent.Err()) || task.IsPermanent(other.Err()) {
			t.Errorf("permanent is that %v: %v; that %v: %v", permanent.Err(), task.IsPermanent(permanent.Err()),
				other.Err(), task.IsPermanent(other.Err()))
		}
	})
}

func TestPanicCarriesItsStackInEveryMode(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		texts := map[*host.Handle]string{
			g.add("panic", config{Text: "oh no"}):             "oh no",
			g.add("panic-error", config{Text: "deadline"}):    "deadline exceeded",
			g.add("goexit", config{}):                         "runtime.Goexit called",
			g.add("refuse-with-panic", config{Text: "never"}): "never",
		}
		if err := g.Run(t.Context()); err == nil {
			t.Error("Run returned nil")
		}
		for h, text := range texts {
			err := taskError(t, h)
			var panicked *task.PanicError
			if err.Outcome != host.OutcomePanic || !errors.As(err, &panicked) || !strings.Contains(panicked.Value, text) {
				t.Errorf("%s has outcome %s: %v", h.ID(), err.Outcome, err)
			}
			if !strings.Contains(err.Stack, "kinds_test.go:") {
				t.Errorf("%s: the stack does not lead to the kind:\n%s", h.ID(), err.Stack)
			}
		}
	})
}

// transcript is what a run tells of its tasks, without what only one mode has.
func transcript(t *testing.T, m host.Mode) []string {
	t.Helper()
	g := newRig(t, m, host.WithPolicy(host.LogOnly))
	for _, kind := range slices.Sorted(maps.Keys(runs)) {
		switch kind {
		case "exit", "pid", "deaf", "report", "big", "environment", "silent", "log", "desert": // not for every mode, or not to be compared here
		default:
			g.add(kind, config{Text: "deadline", N: 2})
		}
	}
	for _, kind := range []string{"refuse", "refuse-with-panic", "make-no-task", "stop-error", "stop-panic", "count-stops"} {
		g.add(kind, config{Text: "as asked"})
	}
	g.add("make-slowly", config{})
	g.start()
	for _, h := range g.Handles() {
		switch h.Kind() {
		case "wait", "late-result", "late-fail", "late-fail-for-good", "slow-stop", "make-slowly", "stop-error", "stop-panic", "count-stops":
			g.awaitReady(h)
			_ = h.Stop(t.Context())
		case "silent", "log", "late-ready":
			g.awaitState(h, host.StateRunning)
			_ = h.Stop(t.Context())
		default:
			select {
			case <-h.Done():
			case <-time.After(patience):
				t.Fatalf("a task of kind %s does not end by itself: leave it out, or stop it", h.Kind())
			}
		}
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	<-g.events.ended
	var lines []string
	for _, h := range g.Handles() {
		line := fmt.Sprintln(h.ID(), h.Kind(), h.Attempts(), g.events.states(h), string(h.Result()))
		if h.Err() != nil {
			err := taskError(t, h)
			line += fmt.Sprintln(err.Task, err.Attempt, err.Outcome, err.ExitCode, err.Signal, err.Stack != "", err.Stderr)
			line += strings.TrimPrefix(err.Error(), m.String())
		}
		lines = append(lines, line)
	}
	return lines
}

func TestIDsStatesAndErrorsReadTheSameInEveryMode(t *testing.T) {
	transcripts := make(map[host.Mode][]string)
	for _, m := range []host.Mode{host.Goroutine, host.Async} {
		inBubble(t, func(t *testing.T) { transcripts[m] = transcript(t, m) })
	}
	transcripts[host.Process] = transcript(t, host.Process)
	want := transcripts[host.Goroutine]
	for m, got := range transcripts {
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("in %v mode:\n%s\nin %v mode:\n%s", host.Goroutine, want[i], m, got[i])
			}
		}
	}
	if text := strings.Join(want, "\n"); strings.Count(text, "failed") < 10 {
		t.Errorf("the transcript has few failures:\n%s", text)
	}
}
