package soak

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// pulse is how often a mayfly shows that it is alive.
const pulse = 100 * time.Millisecond

// mayfly is a task that lives for a moment and then crashes, as was decided for
// each of its attempts before: see draw.
type mayfly struct {
	Seed uint64 `json:"seed"`
	Mode string `json:"mode"`  // that it runs in
	Dir  string `json:"trace"` // of the traces
}

func kind() task.Kind {
	return task.NewKind("mayfly", func(m mayfly) (task.Task, error) { return m, nil })
}

// Run begins with a line in the task's trace. It checkpoints the number of its
// attempt unless it dies at once.
func (m mayfly) Run(ctx context.Context) (any, error) {
	n := task.Attempt(ctx)
	var newest int
	if _, err := task.Restore(ctx, &newest); err != nil {
		return nil, task.Permanent(err)
	}
	_, err := task.Await(ctx, func(context.Context) (any, error) {
		return nil, m.trace(task.ID(ctx), line{attempt: n, pid: os.Getpid(), restored: newest})
	})
	if err != nil {
		return nil, task.Permanent(err)
	}
	d := draw(m.Seed, m.Mode, task.ID(ctx), n)
	if d.life > 0 {
		if err := m.live(ctx, n, d.life); err != nil {
			return nil, err
		}
	}
	return d.fate.act(ctx)
}

// live is the time before the crash.
func (m mayfly) live(ctx context.Context, n int, life time.Duration) error {
	if err := task.Checkpoint(ctx, n); err != nil {
		return err
	}
	task.Ready(ctx)
	for end := time.Now().Add(life); ; {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		if err := task.Sleep(ctx, min(left, pulse)); err != nil {
			return err
		}
		task.Progress(ctx, int64(n), 0, "alive")
	}
}

// trace appends a line to the task's trace, all of it or nothing.
func (m mayfly) trace(id string, l line) error {
	file, err := os.OpenFile(filepath.Join(m.Dir, id), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintln(file, l.attempt, l.pid, l.restored)
	return err
}
