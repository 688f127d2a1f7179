package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// attachAll makes a catalog of the built-in kinds and of those that the attached
// plugins offer. The problems are all that is wrong with --attach.
func (f *runFlags) attachAll(ctx context.Context, startTimeout time.Duration) (*catalog.Catalog, []view.Problem) {
	c, err := catalog.New(builtin.Kinds()...)
	if err != nil {
		return nil, problemsOf(err)
	}
	var errs []error
	if f.locked && f.attach != nil {
		errs = append(errs, fmt.Errorf("--locked refuses plugins that are not in %s, and nobody can say that of an attached one: leave out --locked or --attach", catalog.LockFile))
	}
	for _, flag := range f.attach {
		if err := attach(ctx, c, flag, cmp.Or(startTimeout, 10*time.Second)); err != nil {
			errs = append(errs, fmt.Errorf("--attach: %w", err))
		}
	}
	return c, problemsOf(errs...)
}

func attach(ctx context.Context, c *catalog.Catalog, flag string, timeout time.Duration) error {
	name, address, ok := strings.Cut(flag, "=")
	if !ok {
		return fmt.Errorf("%q: expected NAME=ADDRESS, as the plugin's serve --attach prints it", flag)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the start timeout of %v is over", timeout))
	defer cancel()
	return c.Attach(ctx, name, address)
}

// checkAttached refuses to attach a plugin that no task would use: the user means
// something else. Of the others it tells what to expect.
func (f *runFlags) checkAttached(w *work, v notifier) []view.Problem {
	var errs []error
	for _, flag := range f.attach {
		name, address, _ := strings.Cut(flag, "=")
		used := slices.ContainsFunc(w.specs, func(s spec) bool {
			kind, err := w.catalog.Lookup(s.Kind)
			return err == nil && kind.Plugin == name
		})
		if !used {
			errs = append(errs, fmt.Errorf("--attach: no task is of a kind of plugin %q, attached at %s: give one of its kinds (%s) to a task, or leave it out",
				name, address, strings.Join(kindsOf(w.catalog, name), ", ")))
		}
	}
	if errs != nil {
		return problemsOf(errs...)
	}
	for _, flag := range f.attach {
		name, address, _ := strings.Cut(flag, "=")
		v.Notice(fmt.Sprintf("plugin %s is attached at %s: its tasks run there, and cannot be killed", name, address))
	}
	return nil
}

// kindsOf are the names of a plugin's kinds.
func kindsOf(c *catalog.Catalog, plugin string) []string {
	var names []string
	for _, k := range c.Kinds() {
		if k.Plugin == plugin {
			names = append(names, k.Name)
		}
	}
	return names
}

// tellEnv says to which plugins the job's environment does not apply.
func (f *runFlags) tellEnv(job *jobfile.Job, v notifier) {
	if len(job.Env.FromHost)+len(job.Env.Set) == 0 {
		return
	}
	for _, flag := range f.attach {
		name, address, _ := strings.Cut(flag, "=")
		v.Notice(fmt.Sprintf("the env of %s is for processes that the host starts: plugin %s, attached at %s, keeps its own", job.File, name, address))
	}
}

// loading is how the flags say to load a plugin directory.
func (f *runFlags) loading(s settings) loading {
	return loading{catalog: s.catalog, startTimeout: s.startTimeout, trust: f.trust}
}
