package host_test

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// scripted is the kind of the model's tasks.
func scripted(c config) (task.Task, error) {
	found, _ := worlds.Load(c.N)
	w, ok := found.(*world)
	if !ok {
		return nil, errors.New("its world has ended")
	}
	s := &script{w: w, plan: w.planOf(c.Text)}
	if s.plan.making > 0 {
		time.Sleep(s.plan.making) // a constructor that blocks is what it shows
	}
	if w.refuses(s.plan) {
		return nil, errors.New("refused")
	}
	if s.plan.stopper != obeys {
		return &stoppableScript{s}, nil
	}
	return s, nil
}

// planOf finds the plan of a task by its id, or by that of one of its replicas.
func (w *world) planOf(id string) *taskPlan {
	return w.plan.tasks[id[0]-'a']
}

// refuses reports whether the task's constructor refuses this time.
func (w *world) refuses(p *taskPlan) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.made[p.spec.ID]
	w.made[p.spec.ID]++
	return p.acts[min(n, len(p.acts)-1)].refuses
}

// script is a task of the model.
type script struct {
	w    *world
	plan *taskPlan
}

// stoppableScript is one with a Stop of its own.
type stoppableScript struct{ *script }

func (s *stoppableScript) Stop(ctx context.Context) error {
	switch s.plan.stopper {
	case dawdles:
		return task.Sleep(ctx, forever)
	case failsThen:
		return errors.New("cannot stop")
	case panicsThen:
		panic("in Stop")
	case asksRunner:
		s.w.asks(ctx, task.ID(ctx), call{does: stopTask, task: int(s.plan.spec.ID[0] - 'a')})
	}
	return nil
}

var errKilled = errors.New("killed")

func (s *script) Run(ctx context.Context) (any, error) {
	e := s.w.enter(ctx)
	defer s.w.leave(e)
	a := s.plan.acts[min(e.attempt, len(s.plan.acts))-1]
	for _, step := range a.steps {
		if task.Sleep(ctx, step.after) != nil {
			return s.stopped(ctx, e, a)
		}
		s.does(ctx, step)
		s.w.look()
	}
	if a.ending == beatsOn {
		for task.Sleep(ctx, 5*time.Millisecond) == nil {
			task.Heartbeat(ctx)
		}
		return s.stopped(ctx, e, a)
	}
	if a.ending == waits {
		a.life = forever
	}
	if task.Sleep(ctx, a.life) != nil {
		return s.stopped(ctx, e, a)
	}
	switch a.ending {
	case fails:
		return nil, errors.New("boom")
	case failsForGood:
		return nil, task.Permanent(errors.New("no use"))
	case panics:
		e.panicked = true
		panic("boom")
	case exits:
		e.panicked = true
		runtime.Goexit()
	}
	return e.attempt, nil
}

func (s *script) stopped(ctx context.Context, e *entry, a act) (any, error) {
	life := host.Life(ctx)
	if life.Err() != nil {
		return nil, errKilled
	}
	switch a.stop {
	case dawdles:
		if task.Sleep(life, a.slow) != nil {
			return nil, errKilled
		}
	case failsThen:
		return nil, errors.New("cannot save")
	case failsForGoodThen:
		return nil, task.Permanent(errors.New("no use to save"))
	case panicsThen:
		e.panicked = true
		panic("cannot stop")
	}
	return e.attempt, context.Cause(ctx)
}

func (s *script) does(ctx context.Context, step step) {
	switch step.does {
	case getsReady:
		task.Ready(ctx)
	case logsUp:
		task.Logger(ctx).Info("up")
	case beats:
		task.Heartbeat(ctx)
	case reports:
		task.Progress(ctx, 1, 2, "half")
	case holdsOn:
		if life := host.Life(ctx); life.Done() == nil {
			time.Sleep(15 * time.Millisecond)
		} else { // a process can be killed
			_ = task.Sleep(life, 15*time.Millisecond)
		}
	case callsRunner:
		// A process knows no runner; and two tasks that restart each other do so for ever.
		if s.plan.spec.Mode != host.Process && s.plan.spec.Isolate == 0 && s.w.asked.Add(1) <= 20 {
			s.w.asks(ctx, task.ID(ctx), step.call)
		}
	}
}

func (w *world) enter(ctx context.Context) *entry {
	e := &entry{id: task.ID(ctx), attempt: task.Attempt(ctx), entered: time.Now()}
	e.handle = w.handleOf(e.id)
	if _, err := task.Restore(ctx, &e.restored); err != nil {
		w.report("%s restores: %v", e.id, err)
	}
	_ = task.Checkpoint(ctx, e.attempt)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, e)
	return e
}

func (w *world) leave(e *entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.left = time.Now()
}
