package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/source"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// part is a plugin of a session.
type part struct {
	plugin string
	file   string // in the plugin directory
	pkg    string // the Go package that it is built of, or ""

	sources  source.Set // when it was built last
	found    source.Set // now
	isScript bool
	sum      string // of what its tasks were begun with
	broken   bool   // it could not be used when it was tried last
}

func (p *part) isPrebuilt() bool { return p.pkg == "" }

// has reports whether a change is one of its sources, of now or of before something
// broke.
func (p *part) has(c source.Change) bool { return p.sources.Has(c) || p.found.Has(c) }

// look finds the plugin's sources. Where that fails they are those of before.
func (p *part) look(ctx context.Context) error {
	if p.isPrebuilt() {
		p.found, p.isScript = source.Executable(p.file)
		return nil
	}
	dir, name, err := goDir(p.pkg)
	if err != nil {
		return err
	}
	list, err := goCommand(ctx, dir, slices.Concat([]string{"list"}, source.ListFlags(), []string{"--", name})...)
	if err != nil {
		return err
	}
	workspace, err := goCommand(ctx, dir, "env", "GOWORK")
	if err != nil {
		return err
	}
	found, err := source.Go(list, strings.TrimSpace(string(workspace)))
	if err == nil {
		p.found = found
	}
	return err
}

// renew builds plugins again, loads them, and has the tasks of those that have changed
// begin again.
func (s *session) renew(ctx context.Context, parts []*part) {
	built := s.build(ctx, parts)
	if len(built) == 0 || ctx.Err() != nil {
		return
	}
	opts := s.how.options()
	if slices.ContainsFunc(built, func(p *part) bool { return p.isScript }) {
		opts = append(opts, catalog.WithFreshDescriptions())
	}
	if err := s.catalog.Load(ctx, s.dir, opts...); err != nil {
		if ctx.Err() == nil {
			s.tell(fmt.Sprintf("what was built cannot be loaded, the tasks run on as they are: %v", err))
		}
		return
	}
	var changed []string
	for _, p := range built {
		if s.loaded(p) {
			changed = append(changed, p.plugin)
		}
	}
	if len(changed) > 0 {
		_, err := s.runner.Reload(ctx, s.catalog, changed...)
		s.tellLeft(ctx, err)
	}
}

// build builds plugins side by side, and tells what does not build. It returns the
// others.
func (s *session) build(ctx context.Context, parts []*part) []*part {
	errs := make([]error, len(parts))
	var building sync.WaitGroup
	for i, p := range parts {
		if !p.isPrebuilt() {
			building.Go(func() { errs[i] = goBuild(ctx, p.pkg, p.file) }) // ends with go build
		}
	}
	building.Wait()
	var built []*part
	for i, p := range parts {
		switch {
		case errs[i] == nil:
			built = append(built, p)
		case ctx.Err() == nil:
			p.broken = true
			s.tell(fmt.Sprintf("%v\n%s stays as it is until that is fixed", errs[i], p.plugin))
		}
	}
	return built
}

// loaded tells what has become of a plugin that was built, and reports whether its tasks
// are to begin again.
func (s *session) loaded(p *part) bool {
	rows := s.catalog.Plugins()
	i := slices.IndexFunc(rows, func(row catalog.Plugin) bool { return row.Path == p.file })
	switch {
	case i < 0:
		p.broken = true
		s.tell(fmt.Sprintf("%s is gone, its tasks run on as they are", p.file))
		return false
	case rows[i].Err != nil:
		p.broken = true
		s.tell(fmt.Sprintf("%s cannot be used, its tasks run on as they are: %v", p.plugin, rows[i].Err))
		return false
	}
	what := "rebuilt " + p.plugin
	if p.isPrebuilt() {
		what = p.plugin + " has changed"
	}
	if p.broken {
		what = "fixed: " + what
	}
	wasBroken := p.broken
	p.broken, p.sources = false, p.found
	if p.sum == rows[i].SHA256 && !p.isScript {
		if wasBroken {
			s.tell(what + ", it is as it was before")
		}
		return false
	}
	p.sum = rows[i].SHA256
	s.tell(what + ", restarting " + strings.Join(s.tasksOf(p), ", "))
	return true
}

// tasksOf are the ids of a plugin's tasks.
func (s *session) tasksOf(p *part) []string {
	var all []string
	for _, h := range s.runner.Handles() {
		if h.Plugin() == p.plugin {
			all = append(all, h.ID())
		}
	}
	return all
}

// tellLeft tells of the tasks that did not begin again.
func (s *session) tellLeft(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, err := range errs {
		if left, ok := errors.AsType[*host.SpecError](err); ok {
			s.tell(fmt.Sprintf("%s goes on as it was: %v", left.Task, left.Err))
			continue
		}
		s.tell(err.Error())
	}
}
