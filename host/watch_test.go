package host_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

func TestWatchdog(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		watched := func(s *host.Spec) { s.Watchdog = time.Second }
		silent := g.with("silent", config{}, watched)
		beat := g.with("beat", config{N: 10, For: 250 * time.Millisecond}, watched)
		begin := time.Now()
		if err := g.Run(t.Context()); err == nil {
			t.Error("no failure")
		}
		if took := time.Since(begin); m != host.Process && took != 2500*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		wantStates(t, host.StateSucceeded, beat)
		wantStates(t, host.StateFailed, silent)
		e := taskError(t, silent)
		want := "it showed no sign of life for 1s"
		if m == host.Process {
			want += "; its plugin still answers"
		}
		if e.Outcome != host.OutcomeUnresponsive || e.Err.Error() != want {
			t.Errorf("%v: %v", e.Outcome, e)
		}
	})
}

func TestAnUnresponsiveTaskIsBegunAgain(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.with("silent", config{}, func(s *host.Spec) {
			s.Watchdog, s.Restart = 50*time.Millisecond, soon
			s.Restart.Max = 2
		})
		if err := g.Run(t.Context()); !errors.Is(err, host.ErrRestartsSpent) || h.Attempts() != 3 {
			t.Errorf("%v after %d attempts", err, h.Attempts())
		}
		if e := taskError(t, h); e.Outcome != host.OutcomeUnresponsive {
			t.Error(e.Outcome)
		}
	})
}

// TestAnUnresponsiveTaskThatIsDeaf is killed, or abandoned and not begun again, but
// where its job allows it.
func TestAnUnresponsiveTaskThatIsDeaf(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly), host.WithGrace(200*time.Millisecond))
		change := func(overlap bool) func(*host.Spec) {
			return func(s *host.Spec) {
				s.Watchdog, s.Restart = 100*time.Millisecond, soon
				s.Restart.Max, s.Restart.Overlap = 1, overlap
			}
		}
		deaf := g.with("deaf", config{For: 5 * time.Second}, change(false))
		overlap := g.with("deaf", config{For: 5 * time.Second}, change(true), "overlap")
		_ = g.Run(t.Context())
		e := taskError(t, deaf)
		switch {
		case e.Outcome != host.OutcomeUnresponsive:
			t.Error(e.Outcome)
		case m == host.Process:
			if e.Signal != "killed" || deaf.Attempts() != 2 || deaf.State() != host.StateFailed {
				t.Errorf("signal %q, %d attempts, %v", e.Signal, deaf.Attempts(), deaf.State())
			}
		case deaf.State() != host.StateAbandoned || deaf.Attempts() != 1:
			t.Errorf("%v, %d attempts", deaf.State(), deaf.Attempts())
		}
		if overlap.Attempts() != 2 {
			t.Errorf("where an overlap is allowed: %d attempts", overlap.Attempts())
		}
		if m != host.Process {
			time.Sleep(5 * time.Second) // until their code has ended, too
		}
	})
}

func TestTimeout(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		const limit = 2 * time.Second // a process may take long to start
		g := newRig(t, m)
		h := g.with("late-result", config{Text: "kept"}, func(s *host.Spec) { s.Timeout = limit })
		_ = g.Run(t.Context())
		e := taskError(t, h)
		if e.Outcome != host.OutcomeTimedOut || e.Err.Error() != "it took longer than its timeout of 2s" {
			t.Errorf("%v: %v", e.Outcome, e)
		}
		if !strings.Contains(string(h.Result()), "kept") {
			t.Errorf("result %s", h.Result())
		}
	})
}

func TestStartTimeoutOfATask(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithGrace(100*time.Millisecond))
		h := g.with("make-slowly", config{For: 2 * time.Second}, func(s *host.Spec) { s.StartTimeout = 200 * time.Millisecond })
		_ = g.Run(t.Context())
		e := taskError(t, h)
		if e.Outcome != host.OutcomeLaunchFailed || !strings.Contains(e.Error(), "not started within the start timeout of 200ms") {
			t.Errorf("%v: %v", e.Outcome, e)
		}
		if m != host.Process {
			time.Sleep(2 * time.Second)
		}
	})
}

func TestDeadline(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithDeadline(500*time.Millisecond))
		h := g.add("wait", config{})
		err := g.Run(t.Context())
		if !errors.Is(err, host.ErrDeadline) || !strings.Contains(err.Error(), "500ms") {
			t.Errorf("Run: %v", err)
		}
		wantStates(t, host.StateStopped, h)
		if _, err := g.Add(g.spec("wait", config{}, "late")); !errors.Is(err, host.ErrStopping) {
			t.Errorf("Add: %v", err)
		}
	})
}

func TestReadyByLog(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		db := g.with("log", config{Text: "listening on port 1", For: 10 * time.Millisecond}, func(s *host.Spec) {
			s.Ready = host.Readiness{Log: `port \d`, Timeout: time.Minute}
		})
		app := g.with("wait", config{}, needs("log", host.NeedReady))
		g.start()
		g.awaitReady(app)
		if !db.Ready() {
			t.Error("the other is not ready")
		}
	})
}

func TestNotReadyInTime(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m, host.WithPolicy(host.LogOnly))
		limit := host.Readiness{Timeout: 100 * time.Millisecond}
		byWord := g.with("silent", config{}, func(s *host.Spec) { s.Ready = limit })
		byLog := g.with("wait", config{}, func(s *host.Spec) { s.Ready = limit; s.Ready.Log = "up" })
		_ = g.Run(t.Context())
		for h, want := range map[*host.Handle]string{
			byWord: "it was not ready within 100ms: it has not called task.Ready",
			byLog:  `it was not ready within 100ms: waiting for log line matching "up"`,
		} {
			if e := taskError(t, h); e.Outcome != host.OutcomeTimedOut || e.Err.Error() != want {
				t.Errorf("%v: %v, want %s", e.Outcome, e, want)
			}
		}
	})
}

// TestReadyByTCP: who serves is up. Not in a bubble, where the network does not wait.
func TestReadyByTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	for _, m := range host.Modes() {
		t.Run(m.String(), func(t *testing.T) {
			g := newRig(t, m)
			h := g.with("wait", config{}, func(s *host.Spec) { s.Ready.TCP = address })
			g.start()
			g.awaitState(h, host.StateRunning)
			if h.Ready() {
				t.Error("it is ready, and nobody listens")
			}
			listener, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			g.awaitReady(h)
		})
	}
}

// TestNobodyGetsReadyWhileItStops.
func TestNobodyGetsReadyWhileItStops(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("late-ready", config{})
		g.start()
		g.awaitState(h, host.StateRunning)
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if got := g.order("late-ready ready"); len(got) != 0 {
			t.Errorf("events %q", got)
		}
	})
}
