package integration_test

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/candidate"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// TestExamplesConform: they keep every rule of the protocol, and where they are made
// for that the rule is seen to be kept.
func TestExamplesConform(t *testing.T) {
	for name, c := range map[string]struct {
		program, config string
		except          string   // a check that does not apply
		sees            []string // checks that must apply
	}{
		"digest":    {"digest", `{"root":"."}`, "", []string{"progress", "result", "large-config"}},
		"tick":      {"tick", `{"interval":"10ms"}`, "", []string{"ready", "progress", "result", "stop-running", "stop-clean", "stop-alone", "concurrent", "host-gone"}},
		"flood":     {"misbehave", `{"how":"flood","size":20}`, "", []string{"stop-running", "stop-clean", "concurrent"}},
		"fail":      {"misbehave", `{"how":"fail"}`, "", []string{"failure", "stop-late"}},
		"panic":     {"misbehave", `{"how":"panic"}`, "", []string{"failure"}},
		"slow-stop": {"misbehave", `{"how":"slow-stop","lasts":"200ms"}`, "", []string{"stop-running"}},
		// A program that embeds a host: a person does not start it in vain.
		"embed": {"embed", `{"name":"Ada"}`, "by-hand", []string{"result"}},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			file := filepath.Join(t.TempDir(), catalog.Prefix+c.program+exe)
			if c.program == "embed" {
				file = filepath.Join(t.TempDir(), c.program+exe)
			}
			install(t, binary(c.program), file)
			seen := make(map[string]bool)
			for _, r := range conform(t, file, c.config) {
				if r.Verdict == conformance.Fail && r.Check.Name != c.except {
					t.Errorf("%s: %s\nrule %s: %q", r.Check.Name, r.Reason, r.Check.Rule, r.Check.Sentence)
				}
				seen[r.Check.Name] = r.Verdict == conformance.Pass
			}
			for _, name := range c.sees {
				if !seen[name] {
					t.Errorf("%s was not seen to be kept", name)
				}
			}
		})
	}
}

// conform makes all checks of a plugin.
func conform(t *testing.T, file, config string) []conformance.Result {
	t.Helper()
	c, err := candidate.New(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	suite, err := conformance.New(c, conformance.Options{Config: json.RawMessage(config), StartTimeout: time.Minute, Watch: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer suite.Close()
	kinds, err := suite.Kinds(t.Context())
	if err != nil || len(kinds) == 0 {
		t.Fatalf("its kinds are %q, %v", kinds, err)
	}
	var results []conformance.Result
	for r := range suite.All(t.Context(), kinds) {
		results = append(results, r)
	}
	return results
}
