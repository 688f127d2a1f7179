package conformance_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/conformance"
)

// unheld are the rules that no check holds, with the reason.
var unheld = map[string]string{
	"env-socket-dir":       "is what the host does",
	"env-lifeline":         "is how host-gone may be seen",
	"env-cert":             "is for other systems",
	"env-file":             "binds nobody who needs no other file",
	"env-log":              "is how a plugin logs that can tell whose a record is",
	"env-rest":             "is what the host does",
	"env-children":         "shows in what a task starts alone",
	"handshake-expendable": "is the plugin's choice",
	"handshake-first":      "is held by launch",
	"handshake-listens":    "is held by launch",
	"handshake-in-time":    "is held by launch",
	"socket-place":         "is held by launch",
	"socket-peer":          "is held by launch",
	"socket-host":          "is the plugin's choice",
	"rpc-text":             "is held by what takes a message apart",
	"describe-file":        "shows in the host's memory alone",
	"run-lost":             "is what the host does",
	"failure-permanent":    "is the task's to say",
	"failure-panic":        "needs a task that panics",
	"log-stderr":           "is what the host does",
	"log-stdout":           "is what the host does",
	"log-length":           "is what the host does",
	"future-version":       "is what the host does",
}

// TestRules: each check quotes a rule of the page, and each rule has a check or a
// reason.
func TestRules(t *testing.T) {
	page, err := os.ReadFile("../proto/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^- \*\*([a-z-]+)\*\* (.*)$`).FindAllStringSubmatch(string(page), -1) {
		rules[m[1]] = m[2]
	}
	held, names := make(map[string]bool), make(map[string]bool)
	for _, c := range conformance.Checks() {
		if names[c.Name] {
			t.Errorf("two checks are called %s", c.Name)
		}
		names[c.Name], held[c.Rule] = true, true
		if !strings.Contains(rules[c.Rule], c.Sentence) || c.Sentence == "" {
			t.Errorf("%s quotes of rule %s what is not there:\n%q, there is\n%q", c.Name, c.Rule, c.Sentence, rules[c.Rule])
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if held[rule] == (unheld[rule] != "") {
			t.Errorf("rule %s: a check holds it is %v, and the reason why none does is %q", rule, held[rule], unheld[rule])
		}
	}
}
