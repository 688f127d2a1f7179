package host_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/plugin"
)

// attached is the plugin "guest" when it is started by hand, as this binary under
// that name.
func attached() int {
	plugin.Main(plugin.Info{Name: "guest", Version: "1.2.3"}, kinds()...)
	return 0
}

// guest is a plugin process that hosts attach.
type guest struct {
	cmd     *exec.Cmd
	address string
	catalog *catalog.Catalog // of its kinds
}

// newGuest starts one and attaches it. At the test's end it is killed.
func newGuest(t *testing.T) *guest {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{cmd: &exec.Cmd{Path: self, Args: []string{"attached", "serve", "--attach"}}, catalog: new(catalog.Catalog)}
	stdout, err := g.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.kill(); _ = os.RemoveAll(filepath.Dir(strings.TrimPrefix(g.address, "unix:"))) })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(line)
	if len(words) != 5 || !strings.HasPrefix(words[3], "guest=unix:") {
		t.Fatalf("it says %q", line)
	}
	g.address = strings.TrimPrefix(words[3], "guest=")
	if err := g.catalog.Attach(t.Context(), "guest", g.address); err != nil {
		t.Fatal(err)
	}
	return g
}

// kill kills the plugin, and returns when it is dead.
func (g *guest) kill() { _, _ = g.cmd.Process.Kill(), g.cmd.Wait() }

// rig makes a runner whose tasks run in the plugin.
func (g *guest) rig(t *testing.T, opts ...host.Option) *rig {
	t.Helper()
	return newRig(t, host.Process, append([]host.Option{host.WithCatalog(g.catalog)}, opts...)...)
}

// begin adds and starts a task, which needs no environment of its own.
func (g *rig) begin(kind string, c config, change ...func(*host.Spec)) *host.Handle {
	g.t.Helper()
	s := g.spec(kind, c)
	s.Env = host.Env{}
	for _, f := range change {
		f(&s)
	}
	h, err := g.Add(s)
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

func named(id string) func(*host.Spec) { return func(s *host.Spec) { s.ID = id } }

// wantServing checks that the plugin is there for the next host.
func (g *guest) wantServing(t *testing.T) {
	t.Helper()
	r := g.rig(t)
	h := r.begin("pid", config{})
	r.start()
	r.awaitReady(h)
	if int(h.Progress().Done) != g.cmd.Process.Pid {
		t.Errorf("the task runs in process %d, not %d", h.Progress().Done, g.cmd.Process.Pid)
	}
	if err := r.Stop(context.Background()); err != nil {
		t.Errorf("the next run: %v", err)
	}
	wantStates(t, host.StateStopped, h)
}
