package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// config says how to misbehave.
type config struct {
	// How is the name of one of ways.
	How string `json:"how" jsonschema:"enum=fail,enum=panic,enum=goexit,enum=exit,enum=signal,enum=hang,enum=ignore-stop,enum=flood,enum=garbage,enum=bad-result,enum=leak-grandchild,enum=busy,enum=stop-error,enum=slow-stop" jsonschema_description:"What to do wrong"`
	// After is a time.Duration as text. The default is 0s.
	After string `json:"after,omitempty" jsonschema:"default=0s" jsonschema_description:"How long to behave well first, such as 2s"`
	// Lasts is a time.Duration as text. The default depends on How.
	Lasts string `json:"lasts,omitempty" jsonschema_description:"How long hang, ignore-stop, leak-grandchild, busy and slow-stop keep at it"`
	// Code is the exit status. The default is 1.
	Code int `json:"code,omitempty" jsonschema:"default=1,minimum=1,maximum=125" jsonschema_description:"The exit status of exit"`
	// Lines is a number of lines; 0 means without end.
	Lines int `json:"lines,omitempty" jsonschema:"default=0,minimum=0" jsonschema_description:"How many lines flood logs, or 0 to flood until stopped"`
	// Size is a number of bytes. The default depends on How.
	Size int `json:"size,omitempty" jsonschema:"minimum=0" jsonschema_description:"How many bytes a line of flood or garbage has"`
}

// misbehaveKind is the kind of task that this plugin offers.
func misbehaveKind() task.Kind {
	return task.NewKind("misbehave", newMisbehave, task.WithDescription("does on request what a task must not do"))
}

func newMisbehave(c config) (task.Task, error) {
	all := ways()
	i := slices.IndexFunc(all, func(w way) bool { return w.name == c.How })
	if i < 0 {
		var names []string
		for _, w := range all {
			names = append(names, w.name)
		}
		return nil, fmt.Errorf("how is %q: use one of %s", c.How, strings.Join(names, ", "))
	}
	if c.Code < 0 || c.Lines < 0 || c.Size < 0 {
		return nil, fmt.Errorf("code %d, lines %d and size %d must not be negative", c.Code, c.Lines, c.Size)
	}
	w := all[i]
	m := misbehaviour{
		run: w.run, stop: w.stop, lasts: w.lasts,
		code: cmp.Or(c.Code, 1), lines: c.Lines, size: cmp.Or(c.Size, w.size),
	}
	if err := parse("after", c.After, &m.after); err != nil {
		return nil, err
	}
	if err := parse("lasts", c.Lasts, &m.lasts); err != nil {
		return nil, err
	}
	if m.stop != nil {
		return stoppable{m}, nil
	}
	return m, nil
}

// parse sets d to what text says, and leaves it alone if text is empty.
func parse(field, text string, d *time.Duration) error {
	if text == "" {
		return nil
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return fmt.Errorf("%s is %q: use a duration that is not negative, such as 500ms, 2s or 1m", field, text)
	}
	*d = v
	return nil
}

// misbehaviour is a task that misbehaves in one way.
type misbehaviour struct {
	run   func(context.Context, misbehaviour) (any, error)
	stop  func() error // nil for a task that is no task.Stopper
	after time.Duration
	lasts time.Duration
	code  int
	lines int
	size  int
}

// Run behaves well for a while, and can be stopped, before it misbehaves.
func (m misbehaviour) Run(ctx context.Context) (any, error) {
	task.Ready(ctx)
	if err := task.Sleep(ctx, m.after); err != nil {
		return nil, err
	}
	task.Logger(ctx).Warn("misbehaving from now on")
	return m.run(ctx, m)
}

// stoppable is a misbehaviour that is a task.Stopper too.
type stoppable struct{ misbehaviour }

// Stop misbehaves.
func (s stoppable) Stop(context.Context) error { return s.stop() }
