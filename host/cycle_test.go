package host_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

func wantCycle(t *testing.T, err error, tasks ...string) {
	t.Helper()
	var cycle *host.CycleError
	if !errors.As(err, &cycle) || !slices.Equal(cycle.Tasks, tasks) {
		t.Errorf("%v, want a circle of %q", err, tasks)
	}
}

// TestCyclesThroughReplicas are found whether there are replicas or not.
func TestCyclesThroughReplicas(t *testing.T) {
	for _, n := range []int{0, 3} {
		g := newRig(t, host.Goroutine)
		s := g.spec("wait", config{}, "worker")
		needs("wait-app", host.NeedReady)(&s)
		if _, err := g.AddReplicas(s, n); err != nil {
			t.Fatal(err)
		}
		g.with("wait", config{}, needs("wait-worker", host.NeedReady), "app")
		wantCycle(t, g.Start(t.Context()), "wait-worker", "wait-app")
	}
	g := newRig(t, host.Goroutine)
	s := g.spec("wait", config{}, "worker")
	needs("wait-worker", host.NeedReady)(&s)
	if _, err := g.AddReplicas(s, 1); err != nil {
		t.Fatal(err)
	}
	wantCycle(t, g.Check(), "wait-worker")
}

// TestCyclesThatAreAddedLive: a name that became free is still needed by who runs.
func TestCyclesThatAreAddedLive(t *testing.T) {
	g := newRig(t, host.Goroutine)
	db := g.add("wait", config{}, "db")
	app := g.with("wait", config{}, needs("wait-db", host.NeedReady), "app")
	g.start()
	g.awaitReady(db, app)
	if err := g.Remove(t.Context(), "wait-db"); err != nil {
		t.Fatal(err)
	}
	s := g.spec("wait", config{}, "db")
	needs("wait-app", host.NeedReady)(&s)
	_, err := g.Add(s)
	wantCycle(t, err, "wait-app", "wait-db")
	_, err = g.AddReplicas(s, 2)
	wantCycle(t, err, "wait-app", "wait-db")
	if err := g.Check(); err == nil || !strings.Contains(err.Error(), `there is no task "wait-db"`) {
		t.Errorf("Check: %v: some of it was added", err)
	}
	if _, err := g.Add(g.spec("wait", config{}, "db")); err != nil {
		t.Errorf("without the need: %v", err)
	}
}
