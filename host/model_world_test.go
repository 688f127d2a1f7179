package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// world is a plan at work, and what was seen of it.
type world struct {
	plan   *plan
	number int
	runner *host.Runner
	events *record
	cancel context.CancelFunc // of the run's ctx
	sets   []*host.Replicas   // by task; nil where it is none, or was not added

	calls sync.WaitGroup
	asked atomic.Int64 // calls by tasks

	mu           sync.Mutex
	made         map[string]int // by id, how often its constructor was called
	entries      []*entry
	called       []*called
	attemptsThen map[*host.Handle]int // when the run was first seen stopping
	problems     []string
}

// entry is a task's Run, from inside.
type entry struct {
	id       string
	handle   *host.Handle // the runner's
	attempt  int
	restored int // the checkpoint that it found, or 0
	entered  time.Time
	left     time.Time // zero while it runs
	panicked bool
}

// called is a call of the runner.
type called struct {
	call
	by           string // the id of the task that made it, or ""
	began, ended time.Time
	err          error
	handle       *host.Handle
	attempts     int // of handle, before
}

// worlds are those that run now, by number: a constructor has no ctx.
var (
	worlds     sync.Map
	lastNumber atomic.Int64
)

// report notes that something is wrong.
func (w *world) report(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
}

// look notes how many attempts there were when the run was first seen stopping.
func (w *world) look() {
	if w.runner.State() < host.RunStopping {
		return
	}
	attempts := make(map[*host.Handle]int)
	for _, h := range w.runner.Handles() {
		attempts[h] = h.Attempts()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.attemptsThen == nil {
		w.attemptsThen = attempts
	}
}

// asks makes a call, on behalf of the task of that id or of nobody.
func (w *world) asks(ctx context.Context, by string, c call) {
	d := &called{call: c, by: by, began: time.Now()}
	w.mu.Lock()
	w.called = append(w.called, d)
	w.mu.Unlock()
	switch {
	case c.patient < 0:
		ended, cancel := context.WithCancel(ctx)
		cancel()
		ctx = ended
	case c.patient > 0:
		limited, cancel := context.WithTimeout(ctx, c.patient)
		defer cancel()
		ctx = limited
	}
	handle, err := w.ask(ctx, d)
	w.look()
	w.mu.Lock()
	defer w.mu.Unlock()
	d.err, d.ended, d.handle = err, time.Now(), handle
}

func (w *world) ask(ctx context.Context, d *called) (*host.Handle, error) {
	planned := w.plan.tasks[d.task]
	id := planned.spec.ID
	if planned.replicas >= 0 {
		id = fmt.Sprintf("%s-%d", id, d.n)
	}
	switch d.does {
	case stopRun:
		return nil, w.runner.Stop(ctx)
	case cancelRun:
		w.cancel()
		return nil, nil
	case addTask:
		return nil, w.add(d.task)
	case scaleSet:
		w.mu.Lock()
		set := w.sets[d.task]
		w.mu.Unlock()
		if set == nil {
			return nil, nil
		}
		return nil, set.Scale(ctx, d.n)
	case removeTask:
		return nil, w.runner.Remove(ctx, id)
	}
	h := w.handleOf(id)
	if h == nil {
		return nil, nil
	}
	w.mu.Lock()
	d.attempts = h.Attempts()
	w.mu.Unlock()
	if d.does == restartTask {
		return h, h.Restart(ctx)
	}
	return h, h.Stop(ctx)
}

// handleOf is that of the task of that id, or nil.
func (w *world) handleOf(id string) *host.Handle {
	handles := w.runner.Handles()
	if i := slices.IndexFunc(handles, func(h *host.Handle) bool { return h.ID() == id }); i >= 0 {
		return handles[i]
	}
	return nil
}

func (w *world) add(i int) error {
	p := w.plan.tasks[i]
	s := p.spec
	s.Config = config{Text: s.ID, N: w.number}
	if p.replicas < 0 {
		_, err := w.runner.Add(s)
		return err
	}
	set, err := w.runner.AddReplicas(s, p.replicas)
	if err == nil {
		w.mu.Lock()
		w.sets[i] = set
		w.mu.Unlock()
	}
	return err
}

// newWorld makes the runner and its first tasks.
func newWorld(p *plan) (*world, error) {
	w := &world{plan: p, number: int(lastNumber.Add(1)), sets: make([]*host.Replicas, len(p.tasks)), made: make(map[string]int)}
	opts := []host.Option{
		host.WithCatalog(tested), host.WithPolicy(p.policy), host.WithGrace(p.grace), host.WithStartTimeout(modelLaunch),
		host.WithLogger(slog.New(slog.DiscardHandler)),
	}
	if p.deadline > 0 {
		opts = append(opts, host.WithDeadline(p.deadline))
	}
	var err error
	if w.runner, err = host.New(opts...); err != nil {
		return nil, err
	}
	host.FakeProcesses(w.runner)
	w.events = follow(w.runner)
	worlds.Store(w.number, w)
	for _, g := range p.groups {
		if err := w.runner.AddGroup(g); err != nil {
			return nil, err
		}
	}
	for i, t := range p.tasks {
		if t.later {
			continue
		}
		if err := w.add(i); err != nil {
			return nil, err
		}
	}
	return w, nil
}

const modelLaunch = 30 * time.Millisecond
