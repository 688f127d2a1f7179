// Package errand is what tasks do in the process workloads: ours as kinds, and those of
// the bare peers by calls of the same names.
package errand

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Errand is the config of the process workloads' tasks, and of the calls that their
// bare peers answer.
type Errand struct {
	Gate  string `json:"gate,omitempty"`  // to pass first
	Count int    `json:"count,omitempty"` // of messages, or of bytes; 0 is without end
	Dated bool   `json:"dated,omitempty"` // a report says when it was made, not how much is done
}

// LogLine is what a line of the log says. The field LogNumber counts the lines.
const (
	LogLine   = "a line of the log"
	LogNumber = "number"
)

// Kinds are the kinds of the process workloads.
func Kinds() []task.Kind {
	kind := func(name string, prepare func(Errand) task.Func) task.Kind {
		return task.NewKind(name, func(e Errand) (task.Task, error) {
			run := prepare(e)
			return task.Func(func(ctx context.Context) (any, error) {
				if err := e.PassGate(ctx); err != nil {
					return nil, err
				}
				return run(ctx)
			}), nil
		})
	}
	return []task.Kind{
		kind("park", Errand.park), kind("pid", Errand.pid), kind("flood", Errand.flood),
		kind("lines", Errand.lines), kind("echo", Errand.echo), kind("save", Errand.save), kind("large", Errand.large),
	}
}

// park runs until it is stopped.
func (Errand) park() task.Func {
	return func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }
}

// pid returns at once, and says in which process it ran.
func (Errand) pid() task.Func {
	return func(context.Context) (any, error) { return os.Getpid(), nil }
}

// flood reports progress, and does nothing else.
func (e Errand) flood() task.Func {
	return func(ctx context.Context) (any, error) {
		for i := 1; e.GoesOn(i) && ctx.Err() == nil; i++ {
			task.Progress(ctx, e.Done(i), int64(e.Count), "")
		}
		return nil, nil
	}
}

// GoesOn reports whether there is a message i, from 1.
func (e Errand) GoesOn(i int) bool { return e.Count == 0 || i <= e.Count }

// Done is what report i says is done.
func (e Errand) Done(i int) int64 {
	if e.Dated {
		return time.Now().UnixNano()
	}
	return int64(i)
}

// lines writes lines to the log.
func (e Errand) lines() task.Func {
	return func(ctx context.Context) (any, error) {
		for i, logger := 1, task.Logger(ctx); e.GoesOn(i) && ctx.Err() == nil; i++ {
			logger.InfoContext(ctx, LogLine, LogNumber, i)
		}
		return nil, nil
	}
}

// echo has its host answer messages, one after another, and returns how long each
// answer took.
func (e Errand) echo() task.Func {
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

// Savers is how many checkpoints a task that saves has under way.
const Savers = 100

// save has its host answer as many messages, and returns how long that took.
func (e Errand) save() task.Func {
	return func(ctx context.Context) (any, error) {
		began := time.Now()
		var saving sync.WaitGroup
		errs := make([]error, Savers)
		for n := range errs {
			saving.Go(func() { // ends with its share, or with the host
				for i := n; i < e.Count && errs[n] == nil; i += Savers {
					errs[n] = task.Checkpoint(ctx, json.RawMessage("1"))
				}
			})
		}
		saving.Wait()
		return time.Since(began), errors.Join(errs...)
	}
}

// large returns a text of many bytes.
func (e Errand) large() task.Func {
	text := strings.Repeat("x", e.Count)
	return func(context.Context) (any, error) { return text, nil }
}
