package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// errand is the config of the process workloads' tasks, and of the calls that their
// bare peers answer.
type errand struct {
	Gate  string `json:"gate,omitempty"`  // to pass first
	Count int    `json:"count,omitempty"` // of messages, or of bytes; 0 is without end
}

// errands are the kinds of the process workloads. For a plugin process the host starts
// this program again, which then serves them.
func errands() []task.Kind {
	kind := func(name string, prepare func(errand) task.Func) task.Kind {
		return task.NewKind(name, func(e errand) (task.Task, error) {
			run := prepare(e)
			return task.Func(func(ctx context.Context) (any, error) {
				if err := passGate(ctx, e.Gate); err != nil {
					return nil, err
				}
				return run(ctx)
			}), nil
		})
	}
	return []task.Kind{
		kind("park", errand.park), kind("pid", errand.pid), kind("flood", errand.flood),
		kind("echo", errand.echo), kind("large", errand.large),
	}
}

// park runs until it is stopped.
func (errand) park() task.Func {
	return func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }
}

// pid returns at once, and says in which process it ran.
func (errand) pid() task.Func {
	return func(context.Context) (any, error) { return os.Getpid(), nil }
}

// flood reports progress, and does nothing else.
func (e errand) flood() task.Func {
	return func(ctx context.Context) (any, error) {
		for i := 1; (e.Count == 0 || i <= e.Count) && ctx.Err() == nil; i++ {
			task.Progress(ctx, int64(i), int64(e.Count), "")
		}
		return nil, nil
	}
}

// echo has its host answer messages, one after another, and returns how long each
// answer took.
func (e errand) echo() task.Func {
	return func(ctx context.Context) (any, error) {
		took := make([]time.Duration, e.Count)
		for i := range took {
			began := time.Now()
			if err := task.Checkpoint(ctx, json.RawMessage("1")); err != nil {
				return nil, err
			}
			took[i] = time.Since(began)
		}
		return took, nil
	}
}

// large returns a text of many bytes.
func (e errand) large() task.Func {
	text := strings.Repeat("x", e.Count)
	return func(context.Context) (any, error) { return text, nil }
}
