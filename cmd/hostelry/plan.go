package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// plan is a run that is ready to be started.
type plan struct {
	runner  *host.Runner
	events  iter.Seq[host.Event]
	session *session // or nil: the run ends with its tasks

	deadline time.Duration // or 0
}

// shown is what the view shows before the start.
func (p *plan) shown() view.Run {
	run := view.Run{ID: p.runner.ID()}
	for _, h := range p.runner.Handles() {
		run.Tasks = append(run.Tasks, view.Task{ID: h.ID(), Kind: h.Kind(), Mode: h.Mode().String()})
	}
	return run
}

// work is what a run is to do.
type work struct {
	catalog *catalog.Catalog
	groups  []host.Group
	specs   []spec
	job     *jobfile.Job // or nil
	// explain gives what the host says of them its place.
	explain func(error) []view.Problem
}

// spec is that of a task, or of its replicas.
type spec struct {
	host.Spec
	replicas int // or 0 for the task alone
}

// plan prepares the run of a job file or a kind. The problems are all that is
// wrong; then no task was started.
func (f *runFlags) plan(ctx context.Context, target string, v view.View) (*plan, []view.Problem) {
	s, problems := f.parse()
	problems = append(problems, f.checkWatch(target)...)
	var w *work
	var more []view.Problem
	if s.catalog, more = f.attachAll(ctx, s.startTimeout); more != nil {
		return nil, append(problems, more...)
	}
	if aKind.MatchString(target) {
		w, more = f.planKind(ctx, target, s, v)
	} else {
		w, more = f.planJob(ctx, target, &s, v)
	}
	if problems = append(problems, more...); problems != nil {
		return nil, problems
	}
	if problems = f.checkAttached(w, v); problems != nil {
		return nil, problems
	}
	if !f.watch {
		return f.newPlan(w, s, v)
	}
	session, problems := f.newSession(w, s)
	if problems != nil {
		return nil, problems
	}
	p, problems := f.newPlan(w.lasting(), s.lasting(), v)
	if p != nil {
		p.session = session
	}
	return p, problems
}

// newPlan makes the runner and adds the tasks.
func (f *runFlags) newPlan(w *work, s settings, v view.View) (*plan, []view.Problem) {
	opts := []host.Option{host.WithCatalog(w.catalog), host.WithLogger(f.logger(v)), host.WithPolicy(s.policy)}
	if s.grace > 0 {
		opts = append(opts, host.WithGrace(s.grace))
	}
	if s.startTimeout > 0 {
		opts = append(opts, host.WithStartTimeout(s.startTimeout))
	}
	if s.deadline > 0 {
		opts = append(opts, host.WithDeadline(s.deadline))
	}
	r, err := host.New(opts...)
	if err != nil {
		return nil, problemsOf(err)
	}
	p := &plan{runner: r, events: r.Events(context.Background()), deadline: s.deadline}
	return p, w.explain(w.addTo(r))
}

// addTo adds the groups and tasks to a runner.
func (w *work) addTo(r *host.Runner) error {
	var errs []error
	for _, g := range w.groups {
		errs = append(errs, r.AddGroup(g))
	}
	for _, s := range w.specs {
		var err error
		if s.replicas > 0 {
			_, err = r.AddReplicas(s.Spec, s.replicas)
		} else {
			_, err = r.Add(s.Spec)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return r.Check()
}

// planKind is for one task of a kind.
func (f *runFlags) planKind(ctx context.Context, name string, s settings, v view.View) (*work, []view.Problem) {
	config, err := jobfile.Config(f.set)
	problems := problemsOf(err)
	c, err := load(ctx, f.plugins, f.loading(s), v)
	if err != nil {
		return nil, append(problems, problemsOf(err)...)
	}
	kind, err := c.Lookup(name)
	if err != nil {
		return nil, append(problems, view.Problem{Message: f.explain(c, name, err)})
	}
	if config != nil {
		config, err = jobfile.ConfigFor(kind, f.set)
		problems = append(problems, problemsOf(err)...)
	}
	one := host.Spec{
		ID: cmp.Or(f.id, kind.Name), Kind: name, Config: config, Mode: modeOf(kind, s.mode),
		Restart: host.Restart{When: s.restart}, Timeout: s.timeout, Watchdog: s.watchdog,
	}
	if config != nil {
		problems = append(problems, checkConfig(kind, config)...)
	}
	explain := func(err error) []view.Problem { return problemsOf(err) }
	return &work{catalog: c, specs: []spec{{Spec: one}}, explain: explain}, problems
}

// explain says of an unknown kind what else it could have been meant to be.
func (f *runFlags) explain(c *catalog.Catalog, name string, err error) string {
	if _, ok := errors.AsType[*catalog.UnknownKindError](err); !ok {
		return err.Error()
	}
	text := err.Error()
	usable := func(p catalog.Plugin) bool { return p.Err == nil }
	if f.plugins != "" && !slices.ContainsFunc(c.Plugins(), usable) {
		text += fmt.Sprintf("; %s holds no plugin that can be used: see hostelry plugin list --plugins %s", f.plugins, f.plugins)
	}
	if f.plugins == "" {
		text += "; --plugins DIR adds the kinds of a plugin directory"
	}
	switch info, err := os.Stat(name); {
	case err != nil:
	case info.IsDir():
		text += fmt.Sprintf("; %s is a directory too: name the job file in it, or give it to --plugins", name)
	default:
		text += fmt.Sprintf("; write ./%s if you mean the job file", name)
	}
	return text
}

// checkConfig is each problem with a config that was given by --set.
func checkConfig(kind catalog.Kind, config json.RawMessage) []view.Problem {
	var bad *catalog.ConfigError
	completed, err := kind.Complete(config)
	if err == nil && kind.IsBuiltIn() { // its constructor has no effect, and knows more than a schema can say
		_, err = kind.Local().New(completed)
	}
	if !errors.As(err, &bad) {
		return problemsOf(err)
	}
	var problems []view.Problem
	for _, p := range jobfile.TellSources(config, bad.Problems) {
		problems = append(problems, view.Problem{Message: fmt.Sprintf("config of kind %q (--set): %s", kind.Name, p)})
	}
	return problems
}

// modeOf is the mode of a task that chooses none: a plugin's kind runs in process
// mode only.
func modeOf(kind catalog.Kind, fallback host.Mode) host.Mode {
	switch {
	case fallback != 0:
		return fallback
	case kind.IsBuiltIn():
		return host.Goroutine
	default:
		return host.Process
	}
}

// patience is how long the loading of plugins may take without a word.
const patience = 2 * time.Second

// notifier is the part of a view that is there before a run.
type notifier interface{ Notice(text string) }

// load makes a catalog of the built-in kinds and of the plugins in dir, if it is
// not "". It tells of each plugin that cannot be used.
func load(ctx context.Context, dir string, how loading, v notifier) (*catalog.Catalog, error) {
	c, err := how.catalog, error(nil)
	if c == nil {
		c, err = catalog.New(builtin.Kinds()...)
	}
	if err != nil || dir == "" {
		return c, err
	}
	slow := time.AfterFunc(patience, func() {
		v.Notice("waiting for a plugin that takes long to say what it offers; --start-timeout bounds it")
	})
	defer slow.Stop()
	if err := c.Load(ctx, dir, how.options()...); err != nil {
		return nil, err
	}
	for _, p := range c.Plugins() {
		if p.Err != nil && !errors.Is(p.Err, catalog.ErrNotNamed) && !errors.Is(p.Err, catalog.ErrAttached) {
			v.Notice(fmt.Sprintf("warning: %s cannot be used: %v", filepath.Base(p.Path), p.Err))
		}
	}
	return c, nil
}
