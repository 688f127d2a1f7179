package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// planJob is for the tasks of a job file. It completes s with what the file says,
// builds and loads its plugins, and changes into its folder.
func (f *runFlags) planJob(ctx context.Context, file string, s *settings, v view.View) (*work, []view.Problem) {
	misplaced := f.misplaced(file)
	job, readErr := jobfile.Read(file)
	if job == nil {
		return nil, append(misplaced, places(jobfile.Join(readErr))...)
	}
	c, err := openJob(ctx, job, f.plugins, f.loading(*s), v)
	if err != nil {
		return nil, append(misplaced, places(jobfile.Join(readErr, err))...)
	}
	if all := jobfile.Join(readErr, job.Check(c, f.mode)); all != nil || misplaced != nil {
		return nil, append(misplaced, places(all)...)
	}
	f.tellEnv(job, v)
	if err := s.complete(job, f); err != nil {
		return nil, problemsOf(err)
	}
	w := &work{catalog: c, job: job, groups: job.Groups, explain: func(err error) []view.Problem { return places(job.Problems(err)) }}
	w.specs, err = s.specs(job, c)
	return w, problemsOf(err)
}

// misplaced are flags that go with a kind, and were given with a job file.
func (f *runFlags) misplaced(file string) []view.Problem {
	var given []string
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--set", f.set != nil}, {"--id", f.id != ""},
		{"--restart", f.restart != ""}, {"--timeout", f.timeout != ""}, {"--watchdog", f.watchdog != ""},
	} {
		if flag.given {
			given = append(given, flag.name)
		}
	}
	if given == nil {
		return nil
	}
	return problemsOf(fmt.Errorf("with a kind only: %s; %s is a job file: edit that", strings.Join(given, ", "), file))
}

// complete takes from the job file what no flag says.
func (s *settings) complete(job *jobfile.Job, f *runFlags) error {
	var errs [2]error
	if f.mode == "" && job.Mode != "" {
		s.mode, errs[0] = host.ParseMode(job.Mode)
	}
	if f.policy == "" && job.Policy != "" {
		s.policy, errs[1] = host.ParsePolicy(job.Policy)
	}
	s.grace = cmp.Or(s.grace, job.Grace)
	s.startTimeout = cmp.Or(s.startTimeout, job.StartTimeout)
	s.deadline = cmp.Or(s.deadline, job.Deadline)
	return errors.Join(errs[:]...)
}

// specs are those of the job's tasks, each in the mode that it runs in.
func (s *settings) specs(job *jobfile.Job, c *catalog.Catalog) ([]spec, error) {
	var all []spec
	var errs []error
	for _, t := range job.Tasks {
		kind, err := c.Lookup(t.Kind)
		mode := modeOf(kind, s.mode)
		if t.Mode != "" && err == nil {
			mode, err = host.ParseMode(t.Mode)
		}
		errs = append(errs, err)
		env := job.Env
		if kind.Address() != "" { // what the file says is for processes that the host starts
			env = host.Env{}
			t.Share, t.MaxTasks, t.Warm = host.ShareTask, 0, 0
		}
		all = append(all, spec{t.Spec(mode, env), t.Replicas})
	}
	return all, errors.Join(errs...)
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
	how.startTimeout = cmp.Or(how.startTimeout, job.StartTimeout)
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
