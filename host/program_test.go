package host_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// unserved is a program that embeds a host and forgot plugin.ServeSelf.
func unserved() int {
	r, err := host.New(host.WithMode(host.Process), host.WithKinds(kinds()...), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	h, err := r.Add(host.Spec{ID: "lonely", Kind: "nothing", Env: host.Env{FromHost: []string{"GORACE"}}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	err = r.Run(context.Background())
	var failed *host.TaskError
	if !errors.As(err, &failed) {
		fmt.Println("the run ended with", err)
		return 4
	}
	fmt.Println(h.State(), failed.Outcome, failed.ExitCode, failed)
	return 0
}

func TestProgramThatDoesNotServeItselfIsToldSo(t *testing.T) {
	path := copySelf(t, t.TempDir(), "unserved")
	out, err := exec.Command(path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, text := range []string{"failed launch-failed 1", `process task "lonely"`, `kind "nothing"`, "plugin.ServeSelf", host.ErrNotServed.Error()} {
		if !strings.Contains(string(out), text) {
			t.Errorf("the program prints\n%s\nwant %q", out, text)
		}
	}
	wantNoPlugins(t)
}

func TestNoRunnerInAProcessThatWasStartedAsAPlugin(t *testing.T) {
	t.Setenv(wire.CookieKey, wire.CookieValue)
	if r, err := host.New(); r != nil || !errors.Is(err, host.ErrNotServed) {
		t.Errorf("New: %v, %v; want ErrNotServed", r, err)
	}
}

// guests is a catalog of this binary as a plugin, "guest".
func guests(t *testing.T) *catalog.Catalog {
	t.Helper()
	dir := t.TempDir()
	copySelf(t, dir, catalog.Prefix+"guest")
	c := new(catalog.Catalog)
	if err := c.Load(t.Context(), dir, catalog.WithCacheDir(t.TempDir())); err != nil {
		t.Fatal(err)
	}
	if p := c.Plugins(); len(p) != 1 || p[0].Err != nil {
		t.Fatalf("the plugins are %+v", p)
	}
	return c
}

func TestKindsOfPluginsRunInProcessModeOnly(t *testing.T) {
	c := guests(t)
	for _, m := range inProcessModes {
		r, err := host.New(host.WithCatalog(c), host.WithMode(m))
		if err != nil {
			t.Fatal(err)
		}
		h, err := r.Add(host.Spec{ID: "a", Kind: "succeed"})
		if h != nil || !errors.Is(err, host.ErrNeedsProcess) || !strings.Contains(err.Error(), m.String()) || !strings.Contains(err.Error(), `"guest"`) {
			t.Errorf("in %v mode: %v; want ErrNeedsProcess that names the plugin and the mode", m, err)
		}
		if h, err = r.Add(host.Spec{ID: "a", Kind: "succeed", Mode: host.Process}); h == nil || err != nil {
			t.Errorf("in process mode: %v", err)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}

	g := newRig(t, host.Process, host.WithCatalog(c), host.WithPolicy(host.LogOnly))
	good, bad := g.add("guest/report", config{Text: "from afar"}), g.add("refuse", config{Text: "as asked"})
	_ = g.Run(t.Context())
	wantStates(t, host.StateSucceeded, good)
	if err := taskError(t, bad); err.Outcome != host.OutcomeLaunchFailed || !strings.Contains(err.Error(), `plugin "guest"`) {
		t.Errorf("outcome %s: %v", err.Outcome, err)
	}
	if good.Kind() != "report" || g.log.line("WARN", "from afar", "plugin=guest", "answer=42") == "" {
		t.Errorf("of kind %q, or its log is missing:\n%v", good.Kind(), g.log)
	}
}

// isolated is a program that moves a task to a process of its own, and forgot
// plugin.ServeSelf.
func isolated() int {
	r, err := host.New(host.WithKinds(kinds()...), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	h, err := r.Add(host.Spec{ID: "lonely", Kind: "panic", Config: config{Text: "bug"}, Isolate: 1, Restart: soon})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	err = r.Run(context.Background())
	fmt.Println(h.State(), h.Mode(), "after", h.Attempts(), "attempts:", err)
	return 0
}

// TestAProgramThatDoesNotServeItselfCannotIsolate: it is told so, and is not started
// again and again.
func TestAProgramThatDoesNotServeItselfCannotIsolate(t *testing.T) {
	path := copySelf(t, t.TempDir(), "isolated")
	out, err := exec.Command(path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, text := range []string{"failed process after 2 attempts", `kind "panic"`, "plugin.ServeSelf", host.ErrNotServed.Error()} {
		if !strings.Contains(string(out), text) {
			t.Errorf("the program prints\n%s\nwant %q", out, text)
		}
	}
	wantNoPlugins(t)
}
