//go:build unix

package integration_test

// Unix: how a process ends by a signal is not known elsewhere.

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// ending is how a misbehaving task ends.
type ending struct {
	endless bool // not before it is stopped
	state   host.State
	outcome host.Outcome // where it failed
	text    string       // in its error
}

// endings are those of each way to misbehave.
var endings = map[string]ending{
	"fail":            {state: host.StateFailed, outcome: host.OutcomeError, text: "failed, as asked"},
	"panic":           {state: host.StateFailed, outcome: host.OutcomePanic, text: "panicked, as asked"},
	"goexit":          {state: host.StateFailed, outcome: host.OutcomePanic, text: "runtime.Goexit called"},
	"exit":            {state: host.StateFailed, outcome: host.OutcomeExited, text: "status 7"},
	"signal":          {state: host.StateFailed, outcome: host.OutcomeSignalled, text: "killed"},
	"hang":            {endless: true, state: host.StateFailed, outcome: host.OutcomeStopTimeout, text: "killed"},
	"ignore-stop":     {endless: true, state: host.StateFailed, outcome: host.OutcomeStopTimeout, text: "killed"},
	"flood":           {endless: true, state: host.StateStopped},
	"garbage":         {state: host.StateSucceeded},
	"bad-result":      {state: host.StateFailed, outcome: host.OutcomeError, text: "bad result"},
	"leak-grandchild": {state: host.StateSucceeded},
	"busy":            {endless: true, state: host.StateFailed, outcome: host.OutcomeStopTimeout, text: "killed"},
	"stop-error":      {endless: true, state: host.StateFailed, outcome: host.OutcomeError, text: "did not stop well, as asked"},
	"slow-stop":       {endless: true, state: host.StateStopped},
}

// Whatever one plugin does, its two siblings finish right, and its end is reported
// for what it is.
func TestMisbehaviourIsItsTasksAlone(t *testing.T) {
	c := load(t, pluginDir(t, "digest", "misbehave", "tick"))
	ways := waysOf(t, c)
	if known := slices.Sorted(maps.Keys(endings)); !slices.Equal(known, ways) {
		t.Fatalf("misbehave has the ways %v, this test knows %v", ways, known)
	}
	for _, how := range ways {
		t.Run(how, func(t *testing.T) { misbehaves(t, c, how, endings[how]) })
	}
}

// waysOf reads the ways to misbehave, sorted, from the schema of the kind's config.
func waysOf(t *testing.T, c *catalog.Catalog) []string {
	t.Helper()
	kind, err := c.Lookup("misbehave")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			How struct {
				Enum []string `json:"enum"`
			} `json:"how"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(kind.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(schema.Properties.How.Enum))
}

func misbehaves(t *testing.T, c *catalog.Catalog, how string, want ending) {
	t.Helper()
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "a"), "some text\n", 0o600)
	grace := 10 * time.Second
	if want.outcome == host.OutcomeStopTimeout {
		grace = 300 * time.Millisecond
	}
	r := newRunner(t, c, host.WithPolicy(host.LogOnly), host.WithGrace(grace))
	ticker := add(t, r, "ticker", "tick", fields{"interval": "5ms", "count": 40})
	hasher := add(t, r, "hasher", "digest", fields{"root": root})
	bad := add(t, r, "bad", "misbehave", badConfig(how))
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}

	ticks, err := host.Result[struct{ Ticks int }](t.Context(), ticker)
	if err != nil || ticks.Ticks != 40 || ticker.State() != host.StateSucceeded {
		t.Errorf("ticker %v with %+v, %v", ticker.State(), ticks, err)
	}
	digest, err := host.Result[struct {
		Files  int
		SHA256 string
	}](t.Context(), hasher)
	// printf 'some text\n' >a; sha256sum ./a | sha256sum
	if want := "02eb76b15eccaf7474095afb4a90db366aba8626f488b8454ea65f66b4f65b62"; err != nil || digest.Files != 1 || digest.SHA256 != want {
		t.Errorf("hasher %v with %+v, %v; want %s", hasher.State(), digest, err, want)
	}
	if want.endless {
		if bad.State().Ended() {
			t.Errorf("it is %v before its stop: %v", bad.State(), bad.Err())
		}
		_ = bad.Stop(t.Context())
	}
	<-bad.Done()
	wantEnding(t, bad, want)
	if how == "leak-grandchild" {
		wantNoGrandchild(t, bad)
	}
	if err := r.Wait(t.Context()); (err != nil) != (want.outcome != "") {
		t.Errorf("the run ended with %v", err)
	}
}

func badConfig(how string) fields {
	config := fields{"how": how, "after": "30ms"}
	switch how {
	case "exit":
		config["code"] = 7
	case "slow-stop":
		config["lasts"] = "100ms"
	}
	return config
}

func wantEnding(t *testing.T, h *host.Handle, want ending) {
	t.Helper()
	if h.State() != want.state {
		t.Errorf("it is %v, want %v: %v", h.State(), want.state, h.Err())
	}
	if want.outcome == "" {
		if h.Err() != nil {
			t.Errorf("its error is %v", h.Err())
		}
		return
	}
	failure, ok := h.Err().(*host.TaskError)
	if !ok || failure.Outcome != want.outcome || !strings.Contains(failure.Error(), want.text) {
		t.Errorf("its error is %v, want outcome %s and %q", h.Err(), want.outcome, want.text)
	}
}

// wantNoGrandchild checks that the process that the task left behind is dead.
func wantNoGrandchild(t *testing.T, h *host.Handle) {
	t.Helper()
	left, err := host.Result[struct{ PID int }](t.Context(), h)
	if err != nil || left.PID == 0 {
		t.Fatalf("the result is %+v, %v", left, err)
	}
	watchProcesses(t, left.PID).awaitEnd(t, time.Second) // the system may take a moment to bury it
}
