package integration_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestKindOfTwoPluginsMustSayWhich(t *testing.T) {
	leavesNothing(t)
	c := load(t, pluginDir(t, "tick", "clock=tick"))
	r := newRunner(t, c)
	_, err := r.Add(host.Spec{ID: "a", Kind: "tick"})
	ambiguous, ok := errors.AsType[*catalog.AmbiguousKindError](err)
	if !ok || strings.Join(ambiguous.Plugins, " ") != "clock tick" || !strings.Contains(err.Error(), "clock/tick or tick/tick") {
		t.Errorf("Add: %v, want an *AmbiguousKindError that names both", err)
	}
	h := add(t, r, "a", "clock/tick", fields{"interval": "1ms", "count": 1})
	if err := r.Run(t.Context()); err != nil || h.Kind() != "tick" {
		t.Errorf("Run: %v; the kind is %q", err, h.Kind())
	}
}
