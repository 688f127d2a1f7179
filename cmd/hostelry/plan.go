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
	runner *host.Runner
	events iter.Seq[host.Event]
}

// shown is what the view shows before the start.
func (p *plan) shown() view.Run {
	run := view.Run{ID: p.runner.ID()}
	for _, h := range p.runner.Handles() {
		run.Tasks = append(run.Tasks, view.Task{ID: h.ID(), Kind: h.Kind(), Mode: h.Mode().String()})
	}
	return run
}

// plan prepares the run of a job file or a kind. The problems are all that is
// wrong; then no task was started.
func (f *runFlags) plan(ctx context.Context, target string, v view.View) (*plan, []view.Problem) {
	s, problems := f.parse()
	var specs []host.Spec
	var c *catalog.Catalog
	var more []view.Problem
	if aKind.MatchString(target) {
		c, specs, more = f.planKind(ctx, target, s, v)
	} else {
		c, specs, more = f.planJob(ctx, target, &s, v)
	}
	if problems = append(problems, more...); problems != nil {
		return nil, problems
	}
	p, err := f.newPlan(c, specs, s, v)
	return p, problemsOf(err)
}

// newPlan makes the runner and adds the tasks.
func (f *runFlags) newPlan(c *catalog.Catalog, specs []host.Spec, s settings, v view.View) (*plan, error) {
	opts := []host.Option{host.WithCatalog(c), host.WithLogger(f.logger(v)), host.WithPolicy(s.policy)}
	if s.grace > 0 {
		opts = append(opts, host.WithGrace(s.grace))
	}
	if s.startTimeout > 0 {
		opts = append(opts, host.WithStartTimeout(s.startTimeout))
	}
	r, err := host.New(opts...)
	if err != nil {
		return nil, err
	}
	p := &plan{runner: r, events: r.Events(context.Background())}
	var errs []error
	for _, spec := range specs {
		_, err := r.Add(spec)
		errs = append(errs, err)
	}
	return p, errors.Join(errs...)
}

// planKind is for one task of a kind.
func (f *runFlags) planKind(ctx context.Context, name string, s settings, v view.View) (*catalog.Catalog, []host.Spec, []view.Problem) {
	config, err := jobfile.Config(f.set)
	problems := problemsOf(err)
	c, err := load(ctx, f.plugins, loading{startTimeout: s.startTimeout, trust: f.trust}, v)
	if err != nil {
		return nil, nil, append(problems, problemsOf(err)...)
	}
	kind, err := c.Lookup(name)
	if err != nil {
		return nil, nil, append(problems, view.Problem{Message: f.explain(c, name, err)})
	}
	if config != nil {
		config, err = jobfile.ConfigFor(kind, f.set)
		problems = append(problems, problemsOf(err)...)
	}
	spec := host.Spec{ID: cmp.Or(f.id, kind.Name), Kind: name, Config: config, Mode: modeOf(kind, s.mode)}
	if config != nil {
		problems = append(problems, checkConfig(kind, config)...)
	}
	return c, []host.Spec{spec}, problems
}

// explain says of an unknown kind what else it could have been meant to be.
func (f *runFlags) explain(c *catalog.Catalog, name string, err error) string {
	if _, ok := errors.AsType[*catalog.UnknownKindError](err); !ok {
		return err.Error()
	}
	text := err.Error()
	usable := func(p catalog.Plugin) bool { return p.Err == nil }
	if f.plugins != "" && !slices.ContainsFunc(c.Plugins(), usable) {
		text += fmt.Sprintf("; %s holds no plugin that can be used: see hostelry plugin list", f.plugins)
	}
	if f.plugins == "" {
		text += "; --plugins DIR adds the kinds of a plugin directory"
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
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
	for _, p := range bad.Problems {
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

// planJob is for the tasks of a job file. It completes s with what the file says,
// builds and loads its plugins, and changes into its folder.
func (f *runFlags) planJob(ctx context.Context, file string, s *settings, v view.View) (*catalog.Catalog, []host.Spec, []view.Problem) {
	var misplaced []view.Problem
	if f.set != nil || f.id != "" {
		misplaced = problemsOf(fmt.Errorf("--set and --id go with a kind, and %s is a job file: edit that", file))
	}
	job, readErr := jobfile.Read(file)
	if job == nil {
		return nil, nil, append(misplaced, places(jobfile.Join(readErr))...)
	}
	c, err := openJob(ctx, job, f.plugins, loading{startTimeout: s.startTimeout, trust: f.trust}, v)
	if err != nil {
		return nil, nil, append(misplaced, places(jobfile.Join(readErr, err))...)
	}
	if all := jobfile.Join(readErr, job.Check(c, f.mode)); all != nil || misplaced != nil {
		return nil, nil, append(misplaced, places(all)...)
	}
	specs, err := s.complete(job, c, f)
	return c, specs, problemsOf(err)
}

// complete takes from the job file what no flag says, and makes the specs.
func (s *settings) complete(job *jobfile.Job, c *catalog.Catalog, f *runFlags) ([]host.Spec, error) {
	var err error
	if f.mode == "" && job.Mode != "" {
		s.mode, err = host.ParseMode(job.Mode)
	}
	if f.policy == "" && job.Policy != "" && err == nil {
		s.policy, err = host.ParsePolicy(job.Policy)
	}
	if f.grace == "" {
		s.grace = job.Grace
	}
	var specs []host.Spec
	for _, t := range job.Tasks {
		kind, lookupErr := c.Lookup(t.Kind)
		spec := host.Spec{ID: t.ID, Kind: t.Kind, Mode: modeOf(kind, s.mode)}
		if t.Config != nil {
			spec.Config = t.Config
		}
		if t.Mode != "" && err == nil {
			spec.Mode, err = host.ParseMode(t.Mode)
		}
		if spec.Mode == host.Process {
			spec.Env, spec.Limits = job.Env.With(t.Env), t.Limits
		}
		err = errors.Join(err, lookupErr)
		specs = append(specs, spec)
	}
	return specs, err
}

// places are a job file's problems as the view shows them.
func places(all jobfile.Problems) []view.Problem {
	var problems []view.Problem
	for _, p := range all {
		problems = append(problems, view.Problem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message})
	}
	return problems
}

// openJob changes into the job's folder, builds its plugins, and loads them, or
// those in dir. The error is jobfile.Problems.
func openJob(ctx context.Context, job *jobfile.Job, dir string, how loading, v notifier) (*catalog.Catalog, error) {
	if dir != "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return nil, jobfile.Problems{{File: job.File, Message: err.Error()}}
		}
		dir = absolute
	}
	if err := os.Chdir(job.Dir); err != nil {
		return nil, jobfile.Problems{{File: job.File, Message: err.Error()}}
	}
	if dir != "" {
		c, err := load(ctx, dir, how, v)
		if err != nil {
			err = jobfile.Problems{{File: job.File, Message: "--plugins: " + err.Error()}}
		}
		return c, err
	}
	if err := build(ctx, job, v); err != nil {
		return nil, err
	}
	c, err := load(ctx, job.Plugins.Name, how, v)
	if err != nil {
		err = jobfile.Problems{job.Problem(job.Plugins, err.Error())}
	}
	return c, err
}

// patience is how long the loading of plugins may take without a word.
const patience = 2 * time.Second

// notifier is the part of a view that is there before a run.
type notifier interface{ Notice(text string) }

// load makes a catalog of the built-in kinds and of the plugins in dir, if it is
// not "". It tells of each plugin that cannot be used.
func load(ctx context.Context, dir string, how loading, v notifier) (*catalog.Catalog, error) {
	c, err := catalog.New(builtin.Kinds()...)
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
		if p.Err != nil && !errors.Is(p.Err, catalog.ErrNotNamed) {
			v.Notice(fmt.Sprintf("warning: %s cannot be used: %v", filepath.Base(p.Path), p.Err))
		}
	}
	return c, nil
}
