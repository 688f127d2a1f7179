package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

func init() { roles["hand"] = func() { plugin.Main(good(), handKinds()...) } }

// shown is a config with fields of each sort.
type shown struct {
	Name  string   `json:"name"`
	Big   uint64   `json:"big,omitempty"`
	List  []string `json:"list,omitempty"`
	Port  int      `json:"port,omitempty" jsonschema:"minimum=1,maximum=9"`
	Inner struct {
		Text string `json:"text,omitempty"`
		On   bool   `json:"on,omitempty"`
	} `json:"inner,omitzero"`
}

// handKinds are what tests run by hand.
func handKinds() []task.Kind {
	plain := func(name string, run func(context.Context) (any, error)) task.Kind {
		return task.NewKind(name, func(struct{}) (task.Task, error) { return task.Func(run), nil })
	}
	return append([]task.Kind{
		task.NewKind("show", func(c shown) (task.Task, error) {
			if c.Name == "nobody" {
				return nil, errors.New("nobody has a name")
			}
			return task.Func(func(ctx context.Context) (any, error) {
				return map[string]any{"id": task.ID(ctx), "attempt": task.Attempt(ctx), "config": c}, nil
			}), nil
		}),
		task.NewKind("polite", func(struct{}) (task.Task, error) { return &polite{make(chan struct{}), make(chan struct{}), nil}, nil }),
		plain("count", count),
		plain("endless", func(ctx context.Context) (any, error) {
			for n := int64(0); task.Sleep(ctx, time.Millisecond) == nil; n++ {
				task.Progress(ctx, n, 0, "")
			}
			return "done", nil
		}),
		plain("fail", func(context.Context) (any, error) { return "as far as it got", errors.New("out of ink") }),
		plain("panic", func(context.Context) (any, error) { panic("boom") }),
		plain("goexit", func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }),
		plain("clean-stop", func(context.Context) (any, error) { return nil, task.ErrStopped }),
		plain("says", func(ctx context.Context) (any, error) {
			fmt.Println("on stdout")
			fmt.Fprintln(os.Stderr, "on stderr")
			slog.Warn("by default", "n", 7)
			task.Logger(ctx).Error("by task", "n", 8)
			task.Heartbeat(ctx)
			task.Ready(ctx)
			task.Ready(ctx)
			for n := range int64(1000) {
				task.Progress(ctx, n+1, 1000, "steps")
			}
			return []int{1, 2}, nil
		}),
	}, tasks()...)
}

// count goes one further than the checkpoint of the attempt before, until ten.
func count(ctx context.Context) (any, error) {
	var n int
	if _, err := task.Restore(ctx, &n); err != nil {
		return nil, err
	}
	for n++; n <= 10; n++ {
		if err := task.Checkpoint(ctx, n); err != nil {
			return nil, err
		}
		if n == 3*task.Attempt(ctx) {
			return nil, fmt.Errorf("crashed at %d", n)
		}
	}
	return n - 1, nil
}

// polite tells how it was stopped.
type polite struct {
	asked, seen chan struct{} // closed by Stop, and then by Run
	order       []string
}

func (p *polite) Run(ctx context.Context) (any, error) {
	task.Ready(ctx)
	<-p.asked
	if ctx.Err() == nil {
		p.order = append(p.order, "before its ctx ended")
	}
	close(p.seen)
	<-ctx.Done()
	p.order = append(p.order, context.Cause(ctx).Error())
	return p.order, context.Cause(ctx)
}

func (p *polite) Stop(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		return errors.New("the grace has no end")
	}
	p.order = append(p.order, "asked")
	close(p.asked)
	<-p.seen
	return nil
}
