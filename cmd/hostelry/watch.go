package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/source"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// session is a run that lasts until it is stopped, and in which the tasks of a plugin
// begin again when its sources change.
type session struct {
	catalog *catalog.Catalog
	how     loading
	dir     string // of the plugins
	parts   []*part

	// While it runs.
	runner  *host.Runner
	view    view.View
	watcher *source.Watcher // nil where the system has none
}

// checkWatch refuses what does not go with --watch.
func (f *runFlags) checkWatch(target string) []view.Problem {
	var errs []error
	if f.watch && aKind.MatchString(target) {
		errs = append(errs, fmt.Errorf("--watch is for a job file, which says what to build: %s is a kind", target))
	}
	if f.watch && f.deadline != "" {
		errs = append(errs, errors.New("--deadline: with --watch the session lasts until Ctrl-C: leave out one of them"))
	}
	return problemsOf(errs...)
}

// newSession finds out what there is to watch.
func (f *runFlags) newSession(w *work, s settings) (*session, []view.Problem) {
	session := &session{catalog: w.catalog, how: f.loading(s)}
	for _, p := range w.catalog.Plugins() {
		if !w.uses(p) {
			continue
		}
		session.dir = filepath.Dir(p.Path)
		one := &part{plugin: p.Name, file: p.Path, sum: p.SHA256}
		if f.plugins == "" {
			one.pkg = packageOf(w, p)
		}
		session.parts = append(session.parts, one)
	}
	if session.parts == nil {
		return nil, problemsOf(fmt.Errorf("--watch: no task of %s is of a plugin that could be built again: run it without --watch", w.job.File))
	}
	return session, nil
}

// uses reports whether a task is of a kind of the plugin.
func (w *work) uses(p catalog.Plugin) bool {
	return p.Err == nil && slices.ContainsFunc(w.specs, func(s spec) bool {
		kind, err := w.catalog.Lookup(s.Kind)
		return err == nil && kind.File() == p.Path
	})
}

// packageOf is the package that the job builds the plugin of, or "".
func packageOf(w *work, p catalog.Plugin) string {
	for _, place := range w.job.Build {
		if file, err := pluginFile(place.Name); err == nil && file == filepath.Base(p.Path) {
			return place.Name
		}
	}
	return ""
}

// lasting is the work as a session does it: no failure ends it.
func (w *work) lasting() *work {
	lasting := *w
	lasting.groups = slices.Clone(w.groups)
	for i := range lasting.groups {
		lasting.groups[i].Policy = host.LogOnly
	}
	return &lasting
}

// lasting are the settings as a session has them.
func (s *settings) lasting() settings {
	lasting := *s
	lasting.policy, lasting.deadline = host.LogOnly, 0
	return lasting
}

// run runs the tasks, and what changes, until ctx ends. It returns ctx's cause, or why
// the tasks did not start.
func (s *session) run(ctx context.Context, r *host.Runner, v view.View) error {
	s.runner, s.view = r, v
	if err := r.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = r.Stop(context.WithoutCancel(ctx)) }() // the summary has it
	watcher, err := source.NewWatcher()
	if err != nil {
		s.tell(fmt.Sprintf("changes will not be seen: %v", err))
		<-ctx.Done()
		return context.Cause(ctx)
	}
	defer watcher.Close()
	s.watcher = watcher
	s.look(ctx, s.parts)
	s.tell("watching the sources of " + pluginsOf(s.parts))
	s.renew(ctx, slices.DeleteFunc(slices.Clone(s.parts), (*part).isPrebuilt)) // they may have changed meanwhile
	for {
		changes := watcher.Next(ctx, s.wants)
		if changes == nil {
			return context.Cause(ctx)
		}
		changed := slices.DeleteFunc(slices.Clone(s.parts), func(p *part) bool {
			return !slices.ContainsFunc(changes, p.has)
		})
		s.look(ctx, changed)
		s.renew(ctx, changed)
	}
}

// wants reports whether a change is one of any plugin's sources.
func (s *session) wants(c source.Change) bool {
	return slices.ContainsFunc(s.parts, func(p *part) bool { return p.has(c) })
}

// look finds the sources of plugins anew, and watches them.
func (s *session) look(ctx context.Context, parts []*part) {
	for _, p := range parts {
		if err := p.look(ctx); err != nil && ctx.Err() == nil {
			s.tell(fmt.Sprintf("the sources of %s are not known: %v", p.plugin, err))
		}
	}
	var dirs []string
	for _, p := range s.parts {
		dirs = append(append(dirs, p.sources.Dirs()...), p.found.Dirs()...)
	}
	slices.Sort(dirs)
	if err := s.watcher.Watch(slices.Compact(dirs)); err != nil {
		s.tell(err.Error())
	}
}

// tell tells the user something, in as many lines as it has.
func (s *session) tell(text string) {
	for line := range strings.Lines(text) {
		s.view.Notice(strings.TrimRight(line, "\r\n"))
	}
}

// pluginsOf are the plugins' names in words.
func pluginsOf(parts []*part) string {
	var all []string
	for _, p := range parts {
		all = append(all, p.plugin)
	}
	return strings.Join(all, ", ")
}
