package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// forever is longer than any test.
const forever = 24 * time.Hour

// config is what every kind of the tests takes.
type config struct {
	Text string        `json:"text,omitempty"`
	For  time.Duration `json:"for,omitempty"`
	N    int           `json:"n,omitempty"`
}

// sentinels are the conditions that errors.Is finds in every mode.
var sentinels = map[string]error{
	"stopped": task.ErrStopped, "host-gone": task.ErrHostGone, "unknown-kind": task.ErrUnknownKind,
	"bad-config": task.ErrBadConfig, "bad-result": task.ErrBadResult, "bad-checkpoint": task.ErrBadCheckpoint,
	"cancelled": context.Canceled, "deadline": context.DeadlineExceeded,
}

// run is the Run of a kind.
type run func(ctx context.Context, c config) (any, error)

// runs are the kinds that are a Run and nothing else, by name.
var runs = map[string]run{
	"succeed": func(_ context.Context, c config) (any, error) { return c, nil },
	"nothing": func(context.Context, config) (any, error) { return nil, nil },
	"big":     func(_ context.Context, c config) (any, error) { return strings.Repeat("x", c.N), nil },
	"fail":    func(_ context.Context, c config) (any, error) { return nil, errors.New(c.Text) },
	"fail-as": func(_ context.Context, c config) (any, error) {
		return nil, fmt.Errorf("as asked: %w", sentinels[c.Text])
	},
	"fail-for-good": func(_ context.Context, c config) (any, error) { return nil, task.Permanent(errors.New(c.Text)) },
	"fail-with-result": func(_ context.Context, c config) (any, error) {
		return c, errors.New(c.Text)
	},
	"fail-later": func(ctx context.Context, c config) (any, error) {
		task.Ready(ctx)
		if err := task.Sleep(ctx, c.For); err != nil {
			return nil, err
		}
		return nil, errors.New(c.Text)
	},
	"panic":       func(_ context.Context, c config) (any, error) { panic(c.Text) },
	"panic-error": func(_ context.Context, c config) (any, error) { panic(sentinels[c.Text]) },
	"goexit": func(context.Context, config) (any, error) {
		runtime.Goexit()
		return nil, nil
	},
	"exit": func(_ context.Context, c config) (any, error) {
		fmt.Fprintln(os.Stderr, c.Text)
		os.Exit(c.N)
		return nil, nil
	},
	"wait": wait,
	"pid": func(ctx context.Context, c config) (any, error) {
		task.Progress(ctx, int64(os.Getpid()), 0, "")
		return wait(ctx, c)
	},
	"deaf": func(ctx context.Context, c config) (any, error) {
		task.Ready(ctx)
		return nil, task.Sleep(context.WithoutCancel(ctx), c.For)
	},
	"slow-stop": func(ctx context.Context, c config) (any, error) {
		_, err := wait(ctx, c)
		_ = task.Sleep(context.WithoutCancel(ctx), c.For)
		return nil, err
	},
	"late-result": func(ctx context.Context, c config) (any, error) {
		_, err := wait(ctx, c)
		return c, err
	},
	"late-fail-for-good": func(ctx context.Context, c config) (any, error) {
		_, _ = wait(ctx, c)
		return nil, task.Permanent(errors.New(c.Text))
	},
	"late-ready": func(ctx context.Context, _ config) (any, error) {
		err := task.Sleep(ctx, forever)
		task.Ready(ctx)
		return nil, err
	},
	"late-fail": func(ctx context.Context, c config) (any, error) {
		_, _ = wait(ctx, c)
		return nil, errors.New(c.Text)
	},
	"chan":     func(context.Context, config) (any, error) { return make(chan int), nil },
	"nan":      func(context.Context, config) (any, error) { return math.NaN(), nil },
	"bad-json": func(context.Context, config) (any, error) { return badJSON{}, nil },
	"rude-error": func(context.Context, config) (any, error) {
		return nil, rudeError{}
	},
	"rude-is": func(context.Context, config) (any, error) { return nil, rudeIs{} },
	"report":  report,
	"checkpoint": func(ctx context.Context, c config) (any, error) {
		var kept config
		found, err := task.Restore(ctx, &kept)
		bad := task.Checkpoint(ctx, make(chan int))
		return []any{found, err == nil, errors.Is(bad, task.ErrBadCheckpoint)}, task.Checkpoint(ctx, c)
	},
	"environment": func(context.Context, config) (any, error) { return os.Environ(), nil },
	"fail-until": func(ctx context.Context, c config) (any, error) {
		if task.Attempt(ctx) < c.N {
			return nil, errors.New(c.Text)
		}
		task.Ready(ctx)
		return task.Attempt(ctx), task.Sleep(ctx, c.For)
	},
	"panic-until": func(ctx context.Context, c config) (any, error) {
		if task.Attempt(ctx) < c.N {
			panic(c.Text)
		}
		task.Ready(ctx)
		return os.Getpid(), nil
	},
	"count-up": func(ctx context.Context, c config) (any, error) {
		var n int
		if _, err := task.Restore(ctx, &n); err != nil {
			return nil, task.Permanent(err)
		}
		if n++; n == c.N {
			return n, nil
		}
		if err := task.Checkpoint(ctx, n); err != nil {
			return nil, task.Permanent(err)
		}
		return nil, errors.New(c.Text)
	},
	"silent": func(ctx context.Context, _ config) (any, error) { return nil, task.Sleep(ctx, forever) },
	"beat": func(ctx context.Context, c config) (any, error) {
		for range c.N {
			task.Heartbeat(ctx)
			if err := task.Sleep(ctx, c.For); err != nil {
				return nil, err
			}
		}
		return nil, nil
	},
	"log": func(ctx context.Context, c config) (any, error) {
		if err := task.Sleep(ctx, c.For); err != nil {
			return nil, err
		}
		task.Logger(ctx).Info(c.Text)
		return nil, task.Sleep(ctx, forever)
	},
	"who": func(ctx context.Context, _ config) (any, error) {
		return []any{task.ID(ctx), task.Attempt(ctx)}, nil
	},
}

// wait runs until it is stopped.
func wait(ctx context.Context, _ config) (any, error) {
	task.Ready(ctx)
	return nil, task.Sleep(ctx, forever)
}

// report reports whatever a task can, and N times progress.
func report(ctx context.Context, c config) (any, error) {
	task.Ready(ctx)
	task.Ready(ctx)
	task.Heartbeat(ctx)
	task.Logger(ctx).Warn(c.Text, "answer", 42)
	for n := range c.N {
		task.Progress(ctx, int64(n+1), int64(c.N), c.Text)
	}
	return nil, nil
}

// counted is the kind of tasks that count how many of them run now.
func counted(running *atomic.Int64) task.Kind {
	return task.NewKind("counted", func(c config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			running.Add(1)
			defer running.Add(-1)
			return wait(ctx, c)
		}), nil
	})
}

// kinds are the kinds of the tests.
func kinds() []task.Kind {
	all := []task.Kind{
		guardedKind(), tunedKind(), foreignKind(),
		task.NewKind("scripted", scripted),
		task.NewKind("stop-error", stopperKind(func(_ context.Context, s *stopper) error { return errors.New(s.config.Text) })),
		task.NewKind("stop-panic", stopperKind(func(_ context.Context, s *stopper) error { panic(s.config.Text) })),
		task.NewKind("stop-hangs", stopperKind(func(ctx context.Context, _ *stopper) error {
			_ = task.Sleep(ctx, forever)
			return nil
		})),
		task.NewKind("stop-slowly", stopperKind(func(ctx context.Context, s *stopper) error {
			return task.Sleep(ctx, s.config.For)
		})),
		task.NewKind("stop-reports", stopperKind(func(ctx context.Context, s *stopper) error {
			task.Progress(ctx, int64(s.config.N), 0, task.ID(ctx))
			task.Logger(ctx).Warn(s.config.Text)
			return nil
		})),
		task.NewKind("count-stops", stopperKind(func(context.Context, *stopper) error { return nil })),
		task.NewKind("refuse", func(c config) (task.Task, error) { return nil, errors.New(c.Text) }),
		task.NewKind("refuse-with-panic", func(c config) (task.Task, error) { panic(c.Text) }),
		task.NewKind("make-no-task", func(config) (task.Task, error) { return nil, nil }),
		task.NewKind("make-slowly", func(c config) (task.Task, error) {
			if c.Text != "" { // who waits there learns that it is being made
				if conn, err := net.Dial("tcp", c.Text); err == nil {
					_ = conn.Close()
				}
			}
			time.Sleep(c.For) // a constructor that blocks is what it shows
			return task.Func(func(ctx context.Context) (any, error) { return wait(ctx, c) }), nil
		}),
		task.NewKind("make-under-lock", makeUnderLock),
	}
	for name, f := range runs {
		all = append(all, task.NewKind(name, func(c config) (task.Task, error) {
			return task.Func(func(ctx context.Context) (any, error) { return f(ctx, c) }), nil
		}))
	}
	return all
}

// makeUnderLock holds a file while it makes a task, which it does until its process is
// asked to end.
func makeUnderLock(c config) (task.Task, error) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	defer signal.Stop(asked)
	if err := os.WriteFile(c.Text, nil, 0o600); err != nil {
		return nil, err
	}
	<-asked
	return nil, os.Remove(c.Text)
}

// stopper is a task with a way of its own to be stopped. It returns how often it
// was asked.
type stopper struct {
	config config
	stop   func(context.Context, *stopper) error
	asked  atomic.Int64
}

func stopperKind(stop func(context.Context, *stopper) error) func(config) (task.Task, error) {
	return func(c config) (task.Task, error) { return &stopper{config: c, stop: stop}, nil }
}

func (s *stopper) Run(ctx context.Context) (any, error) {
	_, err := wait(ctx, s.config)
	_ = task.Sleep(context.WithoutCancel(ctx), 50*time.Millisecond) // leave time to ask again
	return s.asked.Load(), err
}

func (s *stopper) Stop(ctx context.Context) error {
	s.asked.Add(1)
	return s.stop(ctx, s)
}

type badJSON struct{}

func (badJSON) MarshalJSON() ([]byte, error) { panic("MarshalJSON panics") }

type rudeError struct{}

func (rudeError) Error() string { panic("Error panics") }

type rudeIs struct{}

func (rudeIs) Error() string { return "rude" }
func (rudeIs) Is(error) bool { panic("Is panics") }
