package host_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestExitOfAPluginIsItsTasksFailure(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly))
	good, bad := g.add("wait", config{}), g.add("exit", config{Text: "out of ink", N: 7})
	g.start()
	g.awaitReady(good)
	<-bad.Done()
	wantStates(t, host.StateFailed, bad)
	wantStates(t, host.StateRunning, good)
	err := taskError(t, bad)
	if err.Outcome != host.OutcomeExited || err.ExitCode != 7 || err.Signal != "" || !errors.Is(err, wire.ErrLost) {
		t.Errorf("outcome %s, exit code %d, signal %q: %v", err.Outcome, err.ExitCode, err.Signal, err)
	}
	if !strings.Contains(err.Error(), "status 7") || !strings.Contains(err.Error(), "out of ink") {
		t.Errorf("its error reads %q", err)
	}
	if len(err.Stderr) != 1 || err.Stderr[0] != "out of ink" {
		t.Errorf("the last lines of stderr are %q", err.Stderr)
	}
}

// A kind that takes too long to make its task is not started in time.
func TestStartTimeout(t *testing.T) {
	g := newRig(t, host.Process, host.WithPolicy(host.LogOnly), host.WithStartTimeout(2*time.Second))
	good, bad := g.add("wait", config{}), g.add("make-slowly", config{For: forever})
	g.start()
	g.awaitReady(good)
	<-bad.Done()
	wantStates(t, host.StateFailed, bad)
	wantStates(t, host.StateRunning, good)
	err := taskError(t, bad)
	if err.Outcome != host.OutcomeLaunchFailed || !strings.Contains(err.Error(), "start timeout of 2s") {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
}

// A constructor that blocks is in the way of a stop as a Run is: the process is
// killed at the end of the grace.
func TestStopWhileATaskIsBeingMade(t *testing.T) {
	making, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer making.Close()
	g := newRig(t, host.Process, host.WithGrace(300*time.Millisecond))
	slow, good := g.add("make-slowly", config{For: forever, Text: making.Addr().String()}), g.add("wait", config{})
	g.start()
	g.awaitReady(good)
	if _, err := making.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := g.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), `"make-slowly"`) {
		t.Errorf("Stop: %v", err)
	}
	wantStates(t, host.StateStopped, good)
	wantStates(t, host.StateFailed, slow)
	if err := taskError(t, slow); err.Outcome != host.OutcomeStopTimeout {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	wantNoPlugins(t)
}

func TestEnvironmentOfAPluginIsMinimal(t *testing.T) {
	t.Setenv("HOSTELRY_TEST_SECRET", "s3cret")
	t.Setenv("TOKEN", "t0ken")
	t.Setenv("TZ", "Asia/Tokyo")
	g := newRig(t, host.Process)
	plain := g.add("environment", config{})
	s := g.spec("environment", config{}, "of", "its", "own")
	s.Env.FromHost = append(s.Env.FromHost, "TOKEN", "NO_SUCH_VARIABLE")
	s.Env.Set = map[string]string{"TZ": "UTC", "COLOUR": "blue"}
	own, err := g.Add(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
	for h, want := range map[*host.Handle][2][]string{
		plain: {{"PATH=", "TZ=Asia/Tokyo"}, {"s3cret", "t0ken", "COLOUR", "PLUGIN_"}},
		own:   {{"PATH=", "TZ=UTC", "COLOUR=blue", "TOKEN=t0ken"}, {"s3cret", "NO_SUCH_VARIABLE", "Tokyo"}},
	} {
		env, err := host.Result[[]string](t.Context(), h)
		text := strings.Join(env, "\n")
		for i, word := range append(want[0], want[1]...) {
			if strings.Contains(text, word) != (i < len(want[0])) {
				t.Errorf("the environment of %s (%v) is\n%s\nabout %s it is wrong", h.ID(), err, text, word)
			}
		}
	}
	for _, env := range []host.Env{{FromHost: []string{"A=B"}}, {Set: map[string]string{"": "x"}}, {Set: map[string]string{"HOSTELRY_X": "x"}}} {
		s.ID, s.Env = "bad", env
		if _, err := g.Add(s); err == nil || !strings.Contains(err.Error(), "environment variable") {
			t.Errorf("Add with %+v: %v", env, err)
		}
	}
}
