package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/bare"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// program is what the sides of a workload start, each as something else.
type program struct {
	source string // the package to build it from
	plugin string // its name, if it is a plugin of ours

	dir     string // what was built is in
	path    string // "" until it was
	options []host.Option
}

// newPlugin is what all sides of most process workloads start. Who calls it calls
// remove at the end.
func newPlugin() *program {
	return &program{source: "github.com/hostelry-run/hostelry/integration_test/peers/plugin", plugin: "peers"}
}

// itself is this program, which embeds a host and so links one: ours starts it where a
// kind is one of its own.
func itself() (*program, error) {
	path, err := os.Executable()
	return &program{path: path, options: []host.Option{host.WithKinds(errand.Kinds()...)}}, err
}

// in has the workload wait for the program.
func (p *program) in(w workload) workload {
	w.missing = p.missing
	w.setUp = func(ctx context.Context) (func(), error) { return func() {}, p.build(ctx) }
	return w
}

// missing says what it would take to build the program.
func (p *program) missing() string {
	if p.path == "" && exec.Command("go", "list", p.source).Run() != nil {
		return "the go command, in the directory of this module"
	}
	return ""
}

// build builds the program, once.
func (p *program) build(ctx context.Context) (err error) {
	if p.path != "" {
		return nil
	}
	defer func() {
		if err != nil {
			p.remove()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "peers-"); err != nil {
		return err
	}
	plugins := filepath.Join(p.dir, "plugins")
	path := filepath.Join(plugins, "hostelry-"+p.plugin)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, p.source)
	cmd.Env = append(os.Environ(), "GOTMPDIR="+p.dir) // where it may leave things, if it is interrupted
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", p.source, errors.Join(context.Cause(ctx), err), out)
	}
	if p.plugin == "" {
		p.path = path
		return nil
	}
	return p.load(ctx, plugins)
}

// load has our host know the program. What it starts is a copy, and so do the others.
func (p *program) load(ctx context.Context, plugins string) error {
	c := &catalog.Catalog{}
	if err := c.Load(ctx, plugins, catalog.WithCacheDir(filepath.Join(p.dir, "cache"))); err != nil {
		return err
	}
	for _, found := range c.Plugins() {
		if found.Err != nil {
			return found.Err
		}
	}
	p.path = c.Kinds()[0].Executable()
	p.options = []host.Option{host.WithCatalog(c)}
	return nil
}

func (p *program) remove() {
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
	p.dir, p.path = "", ""
}

// as is the command that starts the program in a role. It has no context, for which a
// goroutine would wait.
func (p *program) as(role string, env ...string) *exec.Cmd {
	cmd := exec.Command(p.path)
	cmd.Env = append(append(p.environment(), bare.RoleVariable+"="+role), env...)
	return cmd
}

// environment has a process that Ctrl-C ends leave its files where remove finds them.
func (p *program) environment() []string {
	if p.dir == "" {
		return os.Environ()
	}
	return append(os.Environ(), "TMPDIR="+p.dir)
}
