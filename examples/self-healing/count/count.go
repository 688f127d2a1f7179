package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

const (
	beat  = 50 * time.Millisecond // from one number to the next
	steps = 8                     // that an attempt makes before it crashes
)

// config says how far to count, and how to crash on the way.
type config struct {
	To int64 `json:"to" jsonschema:"minimum=1" jsonschema_description:"The number to count to"`
	// Crash is one of exit, panic and freeze for each attempt that is to crash.
	Crash []string `json:"crash,omitempty" jsonschema:"enum=exit,enum=panic,enum=freeze" jsonschema_description:"How the first attempt is to crash, how the second, and so on"`
}

// countKind is the kind of task that this plugin offers.
func countKind() task.Kind {
	return task.NewKind("count", func(c config) (task.Task, error) { return count{c}, nil },
		task.WithDescription("counts, and crashes on request"))
}

type count struct{ config }

// result is what a count returns.
type result struct {
	Counted int64 `json:"counted"`
	// From is where the last attempt took up what the one before it had left.
	From int64 `json:"from"`
}

// Run counts on from the checkpoint of the attempt before, so that no number is
// counted twice.
func (c count) Run(ctx context.Context) (any, error) {
	var from int64
	if _, err := task.Restore(ctx, &from); err != nil {
		return nil, err
	}
	task.Ready(ctx)
	for n := from + 1; n <= c.To; n++ {
		if err := task.Sleep(ctx, beat); err != nil {
			return nil, err
		}
		task.Progress(ctx, n, c.To, "")
		if err := task.Checkpoint(ctx, n); err != nil {
			return nil, err
		}
		if attempt := task.Attempt(ctx); attempt <= len(c.Crash) && n == from+steps {
			if err := crash(ctx, c.Crash[attempt-1]); err != nil {
				return nil, err
			}
		}
	}
	return result{Counted: c.To, From: from}, nil
}

// crash ends the attempt in one of three ways, of which the task knows nothing: with
// its process, by a panic, or not at all.
func crash(ctx context.Context, how string) error {
	switch how {
	case "exit":
		fmt.Fprintln(os.Stderr, "fatal: out of luck")
		os.Exit(3)
	case "panic":
		panic("this should not have happened")
	}
	return task.Sleep(context.WithoutCancel(ctx), time.Hour) // frozen, until the watchdog bites
}
