package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// config says how a clock ticks.
type config struct {
	// Interval is a time.Duration as text. The default is 1s.
	Interval string `json:"interval,omitempty" jsonschema:"default=1s" jsonschema_description:"The time between two ticks, such as 500ms or 1m"`
	// Count ends the task after so many ticks. 0 means never.
	Count int64 `json:"count,omitempty" jsonschema:"minimum=0,default=0" jsonschema_description:"The number of ticks, or 0 to tick until stopped"`
	// Cleanup is a path, or "" for none.
	Cleanup string `json:"cleanup,omitempty" jsonschema_description:"A file to write when the task was stopped, as the last act of its clean-up"`
}

// tickKind is the kind of task that this plugin offers.
func tickKind() task.Kind {
	return task.NewKind("tick", newTick, task.WithDescription("ticks at an interval, for a count or until stopped"))
}

func newTick(c config) (task.Task, error) {
	t := tick{interval: time.Second, count: c.Count, cleanup: c.Cleanup}
	if c.Count < 0 {
		return nil, fmt.Errorf("count is %d: use 0 to tick until stopped, or more", c.Count)
	}
	if c.Interval == "" {
		return t, nil
	}
	d, err := time.ParseDuration(c.Interval)
	if err != nil || d <= 0 {
		return nil, fmt.Errorf("interval is %q: use a positive duration, such as 500ms, 1s or 1m30s", c.Interval)
	}
	t.interval = d
	return t, nil
}

// result is what a tick task returns, after a stop too.
type result struct {
	// Ticks counts the ticks.
	Ticks int64 `json:"ticks"`
}

type tick struct {
	interval time.Duration
	count    int64
	cleanup  string
}

// Run ticks for the first time after one interval. Later ticks keep to the beat
// of the first: a late one does not delay those after it.
func (t tick) Run(ctx context.Context) (any, error) {
	task.Ready(ctx)
	var n int64
	for next := time.Now().Add(t.interval); t.count == 0 || n < t.count; next = next.Add(t.interval) {
		if err := task.Sleep(ctx, time.Until(next)); err != nil {
			return result{n}, t.cleanUp(ctx, n, err)
		}
		n++
		task.Progress(ctx, n, t.count, time.Now().Format(time.TimeOnly))
		task.Logger(ctx).Debug("tick", "n", n)
	}
	return result{n}, nil
}

// cleanUp stands for whatever a stopped task has to put in order, and returns
// cause unless it fails. ctx is done already: a task has its host's grace for this.
func (t tick) cleanUp(ctx context.Context, n int64, cause error) error {
	if t.cleanup == "" {
		return cause
	}
	_, err := task.Await(ctx, func(context.Context) (any, error) {
		return nil, os.WriteFile(t.cleanup, fmt.Appendf(nil, "stopped after %d ticks\n", n), 0o600)
	})
	if err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return cause
}
