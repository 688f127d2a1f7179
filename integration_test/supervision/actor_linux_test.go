package supervision

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// actor is a task that does as it is told, and writes down what it does.
type actor struct {
	Trace string `json:"trace"`           // the file that all tasks of a test append to
	Act   string `json:"act"`             // one of acts
	N     int    `json:"n,omitempty"`     // for some acts
	MS    int    `json:"ms,omitempty"`    // milliseconds, for some acts
	Guard bool   `json:"guard,omitempty"` // it writes down that its Stop was called
}

// acts are what an actor can do.
var acts = map[string]func(context.Context, *actor) (any, error){
	// wait is up after MS, and takes as long to stop.
	"wait": func(ctx context.Context, a *actor) (any, error) {
		if err := a.pause(ctx); err != nil {
			return nil, err
		}
		a.note(ctx, "ready")
		task.Ready(ctx)
		err := task.Sleep(ctx, time.Hour)
		a.note(ctx, "asked")
		_ = a.pause(context.WithoutCancel(ctx))
		a.note(ctx, "end")
		return nil, err
	},
	// save checkpoints the numbers up to N.
	"save": func(ctx context.Context, a *actor) (any, error) {
		for n := range a.N {
			if err := task.Checkpoint(ctx, n+1); err != nil {
				return nil, err
			}
		}
		task.Ready(ctx)
		return nil, task.Sleep(ctx, time.Hour)
	},
	"kill": func(context.Context, *actor) (any, error) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		forever()
		return nil, nil
	},
	// silent says nothing in its first attempt, and does not listen. The others beat.
	"silent": func(ctx context.Context, a *actor) (any, error) {
		task.Ready(ctx)
		if task.Attempt(ctx) == 1 {
			forever()
		}
		for ctx.Err() == nil {
			task.Heartbeat(ctx)
			_ = a.pause(ctx)
		}
		return nil, context.Cause(ctx)
	},
	// family is up once it has N children, of which it says the process ids.
	"family": func(ctx context.Context, a *actor) (any, error) {
		if err := a.breed(ctx); err != nil {
			return nil, err
		}
		task.Ready(ctx)
		err := task.Sleep(ctx, time.Hour)
		_ = a.pause(context.WithoutCancel(ctx))
		return nil, err
	},
	// deaf is family, and does not listen.
	"deaf": func(ctx context.Context, a *actor) (any, error) {
		if err := a.breed(ctx); err != nil {
			return nil, err
		}
		task.Ready(ctx)
		forever()
		return nil, nil
	},
	// panic does so in the first N attempts.
	"panic": func(ctx context.Context, a *actor) (any, error) {
		if task.Attempt(ctx) <= a.N {
			panic("as told")
		}
		task.Ready(ctx)
		return nil, task.Sleep(ctx, time.Hour)
	},
}

func (a *actor) Run(ctx context.Context) (any, error) {
	var restored int
	if _, err := task.Restore(ctx, &restored); err != nil {
		return nil, err
	}
	a.note(ctx, "begin", restored)
	return acts[a.Act](ctx, a)
}

// Stop writes down that it was called. What is to end ends with its ctx.
func (a *actor) Stop(ctx context.Context) error {
	if a.Guard {
		a.note(ctx, "stop")
	}
	return nil
}

// note appends a line to the trace.
func (a *actor) note(ctx context.Context, word string, numbers ...int) {
	writeTrace(a.Trace, entry{id: task.ID(ctx), attempt: task.Attempt(ctx), word: word, pid: os.Getpid(), numbers: numbers})
}

func (a *actor) pause(ctx context.Context) error {
	return task.Sleep(ctx, time.Duration(a.MS)*time.Millisecond)
}

// breed starts the children, and says their process ids.
func (a *actor) breed(ctx context.Context) error {
	pids := make([]int, a.N)
	for i := range pids {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), roleKey+"=grandchild")
		if err := cmd.Start(); err != nil {
			return err
		}
		pids[i] = cmd.Process.Pid
	}
	a.note(ctx, "family", pids...)
	return nil
}

// grandchild ignores what can be ignored.
func grandchild() {
	signal.Ignore()
	forever()
}

// forever is no bare select, which the runtime takes for a deadlock.
func forever() {
	for {
		time.Sleep(time.Hour)
	}
}
