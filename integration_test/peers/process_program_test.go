package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// built is the program that the process workloads start, until the test ends.
func built(t *testing.T) *program {
	t.Helper()
	p := newPlugin()
	t.Cleanup(p.remove)
	if err := p.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPluginLinksNoHost: what a host's packages do before main is in no side's time.
func TestPluginLinksNoHost(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", newPlugin().source).Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(dep, "github.com/hostelry-run/hostelry/host") || strings.HasPrefix(dep, "github.com/santhosh-tekuri/jsonschema") {
			t.Errorf("it links %s", dep)
		}
	}
}

// TestProgramLeavesNothing: neither one that was built, nor one that was not.
func TestProgramLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := newPlugin()
	if err := p.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := p.path
	if err := p.build(t.Context()); err != nil || p.path != path {
		t.Errorf("built again at %s, %v; want %s", p.path, err, path)
	}
	p.remove()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.build(ended); err == nil {
		t.Error("built after the end")
	}
	p.source += "/no-such"
	if err := p.build(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("no such program: %v", err)
	}
	if why := p.missing(); why == "" {
		t.Error("nothing is missing")
	}
	if left, err := os.ReadDir(os.TempDir()); len(left) > 0 || err != nil {
		t.Errorf("left over: %v, %v", left, err)
	}
}
