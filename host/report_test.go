package host_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestProgressAllocatesNothing in the host, while nobody reads it and while someone
// who does is slow.
func TestProgressAllocatesNothing(t *testing.T) {
	for name, subscribed := range map[string]bool{"unread": false, "read slowly": true} {
		t.Run(name, func(t *testing.T) {
			r, err := host.New(host.WithKinds(task.NewKind("reports", func(struct{}) (task.Task, error) {
				return task.Func(func(ctx context.Context) (any, error) {
					return testing.AllocsPerRun(1000, func() { task.Progress(ctx, 1, 2, "copying") }), nil
				}), nil
			})))
			if err != nil {
				t.Fatal(err)
			}
			if subscribed {
				_ = r.Events(t.Context()) // waits to be read
			}
			h, err := r.Add(host.Spec{ID: "reports", Kind: "reports", Mode: host.Goroutine})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n, err := host.Result[float64](t.Context(), h); err != nil || n != 0 {
				t.Errorf("a report allocates %v times: %v", n, err)
			}
		})
	}
}

// shaky is a log handler that panics when the first logger of a task is made of it.
type shaky struct {
	slog.Handler
	once *sync.Once
}

func (s shaky) WithAttrs(attrs []slog.Attr) slog.Handler {
	if attrs[0].Key == "task" {
		s.once.Do(func() { panic("out of paper") })
	}
	return shaky{s.Handler.WithAttrs(attrs), s.once}
}

// TestLoggerThatPanics, and that the runner would make for a task whose log it watches:
// it is the task's failure, as it is the task that asks for it.
func TestLoggerThatPanics(t *testing.T) {
	for _, m := range inProcessModes {
		inBubble(t, func(t *testing.T) {
			g := newRig(t, m, host.WithPolicy(host.LogOnly),
				host.WithLogger(slog.New(shaky{slog.DiscardHandler, new(sync.Once)})))
			h := g.with("report", config{Text: "hello"}, func(s *host.Spec) { s.Watchdog = time.Hour })
			_ = g.Run(t.Context())
			if err := taskError(t, h); err.Outcome != host.OutcomePanic || !strings.Contains(err.Error(), "out of paper") {
				t.Errorf("in %v mode: outcome %s: %v", m, err.Outcome, err)
			}
		})
	}
}
