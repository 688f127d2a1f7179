package host_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestWhatIsWrongIsRefusedWhenItIsAdded(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		good := g.add("wait", config{})
		for _, c := range []struct {
			spec host.Spec
			want error  // that errors.Is finds, or nil
			text string // in the message
		}{
			{host.Spec{ID: "", Kind: "wait"}, host.ErrBadID, `""`},
			{host.Spec{ID: "-x", Kind: "wait"}, host.ErrBadID, `"-x"`},
			{host.Spec{ID: "a b", Kind: "wait"}, host.ErrBadID, "letters, digits"},
			{host.Spec{ID: strings.Repeat("x", 65), Kind: "wait"}, host.ErrBadID, "64"},
			{host.Spec{ID: "wait", Kind: "wait"}, host.ErrDuplicateID, `"wait"`},
			{host.Spec{ID: "a", Kind: "wait", Mode: 9}, nil, "goroutine, async, process"},
			{host.Spec{ID: "a", Kind: "wiat"}, nil, `did you mean "wait"`},
			{host.Spec{ID: "a", Kind: "digest/wait"}, nil, "unknown kind"},
			{host.Spec{ID: "a", Kind: "wait", Config: map[string]any{"txet": "x"}}, nil, "text"},
			{host.Spec{ID: "a", Kind: "wait", Config: map[string]any{"text": 1}}, nil, "text"},
			{host.Spec{ID: "a", Kind: "wait", Config: json.RawMessage(`{`)}, nil, "JSON"},
			{host.Spec{ID: "a", Kind: "wait", Config: 7}, nil, "object"},
			{host.Spec{ID: "a", Kind: "wait", Config: func() {}}, nil, "does not encode"},
		} {
			h, err := g.Add(c.spec)
			var bad *host.SpecError
			if h != nil || !errors.As(err, &bad) || bad.Task != c.spec.ID {
				t.Errorf("Add(%+v): %v, %v; want a *SpecError of that id", c.spec, h, err)
				continue
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("Add(%+v): %v; want %v and %q", c.spec, err, c.want, c.text)
			}
		}
		if n := len(g.Handles()); n != 1 {
			t.Errorf("%d tasks were added, want 1", n)
		}
		g.start()
		g.awaitReady(good)
	})
}

func TestErrorsOfSpecsHaveTheirTypes(t *testing.T) {
	r, err := host.New(host.WithKinds(kinds()...))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop(t.Context())
	_, err = r.Add(host.Spec{ID: "a", Kind: "wiat"})
	if unknown, ok := errors.AsType[*catalog.UnknownKindError](err); !ok || unknown.Nearest != "wait" {
		t.Errorf("unknown kind: %v", err)
	}
	_, err = r.Add(host.Spec{ID: "a", Kind: "wait", Config: json.RawMessage(`{"text": 1, "txet": 2}`)})
	if bad, ok := errors.AsType[*catalog.ConfigError](err); !ok || len(bad.Problems) != 2 {
		t.Errorf("bad config: %v, want both problems", err)
	}
}

func TestBadOptionsAreRefusedTogether(t *testing.T) {
	_, err := host.New(
		host.WithMode(0), host.WithMode(7), host.WithPolicy(9), host.WithGrace(0), host.WithStartTimeout(-time.Second),
		host.WithCatalog(nil), host.WithLogger(nil), host.WithRunID("a b"),
	)
	if err == nil {
		t.Fatal("New accepted bad options")
	}
	for _, text := range []string{
		`mode "default"`, `mode "Mode(7)"`, `policy "Policy(9)"`, "grace 0s", "start timeout -1s", "catalog is nil", "logger is nil", `run id "a b"`,
	} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("New: %v\nwant also %s", err, text)
		}
	}
	wait := counted(nil)
	if _, err := host.New(host.WithKinds(wait, wait)); err == nil || !strings.Contains(err.Error(), "counted") {
		t.Errorf("New with a kind twice: %v", err)
	}
	if _, err := host.New(host.WithKinds(task.Kind{})); err == nil {
		t.Error("New accepted the zero Kind")
	}
}

func TestNamesOfModesAndPolicies(t *testing.T) {
	for _, m := range host.Modes() {
		if got, err := host.ParseMode(m.String()); got != m || err != nil {
			t.Errorf("ParseMode(%q) = %v, %v", m, got, err)
		}
	}
	for _, p := range host.Policies() {
		if got, err := host.ParsePolicy(p.String()); got != p || err != nil {
			t.Errorf("ParsePolicy(%q) = %v, %v", p, got, err)
		}
	}
	if _, err := host.ParseMode("thread"); err == nil || !strings.Contains(err.Error(), "goroutine, async, process") {
		t.Errorf("ParseMode of thread: %v", err)
	}
	if _, err := host.ParsePolicy(""); err == nil || !strings.Contains(err.Error(), "propagate, stop-all, log-only") {
		t.Errorf("ParsePolicy of nothing: %v", err)
	}
	text, err := json.Marshal([]any{host.Async, host.StopAll, host.StateBackingOff, host.Mode(0)})
	if want := `["async","stop-all","backing-off","default"]`; string(text) != want || err != nil {
		t.Errorf("as JSON they are %s, %v; want %s", text, err, want)
	}
	for s := host.StatePending; s <= host.StateAbandoned; s++ {
		if ended := s >= host.StateSucceeded; s.Ended() != ended || strings.Contains(s.String(), "(") {
			t.Errorf("%v: Ended is %v", s, s.Ended())
		}
	}
}

func TestRunsHaveNames(t *testing.T) {
	quiet := host.WithLogger(slog.New(slog.DiscardHandler))
	named, err := host.New(host.WithRunID("night-7"), quiet)
	if err != nil || named.ID() != "night-7" {
		t.Errorf("the id is %q, %v", named.ID(), err)
	}
	one, _ := host.New(quiet)
	two, _ := host.New(quiet)
	if one.ID() == "" || one.ID() == two.ID() {
		t.Errorf("two runs are named %q and %q", one.ID(), two.ID())
	}
}
