package wire_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// stuck is a log handler that takes nothing before it is released.
type stuck struct {
	slog.Handler
	release chan struct{}
}

func (s stuck) Enabled(context.Context, slog.Level) bool  { return true }
func (s stuck) Handle(context.Context, slog.Record) error { <-s.release; return nil }

// TestSlowReaderHoldsItsOwnTaskAlone: what a host does not read holds up the task
// that says it, after a bounded part of it, and no other task of its connection.
func TestSlowReaderHoldsItsOwnTaskAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lines, length = 2000, 1000
		var said atomic.Int64
		server := wire.NewServer(wire.Description{Name: "test", Version: "1.2.3"}, []task.Kind{
			kind(func(ctx context.Context) (any, error) {
				for range lines {
					task.Logger(ctx).Info(strings.Repeat("x", length))
					said.Add(1)
				}
				return "told", nil
			}),
			task.NewKind("asks", func(struct{}) (task.Task, error) {
				return task.Func(func(ctx context.Context) (any, error) {
					for i := range 100 {
						if err := task.Checkpoint(ctx, i); err != nil {
							return nil, err
						}
					}
					return "asked", nil
				}), nil
			}),
		}, nil)
		p := plugin{wire.NewClient(dial(t, server)), server, nil}
		defer func() { server.Close(task.ErrStopped); <-server.Idle() }()

		release := make(chan struct{})
		_, flood := p.begin(t, &host{logger: slog.New(stuck{slog.DiscardHandler, release})})
		synctest.Wait() // all that can go on has gone on
		if n := said.Load() * length; n > 160<<10 {
			t.Errorf("it could say %d bytes that nobody read", n)
		}
		r, err := p.Start((&host{}).on(t.Context()), "run-1", "asks", nil)
		if err != nil {
			t.Fatal(err)
		}
		if result, err := r.Run((&host{}).on(t.Context())); err != nil {
			t.Errorf("beside it: %v, %v", result, err)
		}
		close(release)
		if end := <-flood; end.Err != nil || said.Load() != lines {
			t.Errorf("it said %d lines and ended with %v", said.Load(), end.Err)
		}
	})
}
