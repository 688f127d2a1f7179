package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// worker is a plugin process that serves attempts: one, or those that share it.
type worker struct {
	pool    *pool
	output  *output
	ctx     context.Context // of the launch
	cancel  context.CancelCauseFunc
	proves  bool          // that it answers, before it is up
	up      chan struct{} // closed after process or err is set
	process *pluginproc.Process
	err     error

	// Under the lock of processes:
	seats   int       // that are taken
	dropped bool      // nobody else takes one
	doubted bool      // of an attempt in it the last word is missing: it may run on
	waits   time.Time // since when it has waited for an attempt; zero while it does not
	watched bool      // watch runs
	killer  *seat     // for whose sake it was killed, or nil
	pinging *ping     // under way, or nil
	// unanswering says that it did not answer the last ping.
	unanswering bool
}

// newWorkerLocked makes a process that is still to be launched.
func (p *pool) newWorkerLocked() *worker {
	w := &worker{pool: p, output: newOutput(), up: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancelCause(p.processes.ctx)
	p.workers = append(p.workers, w)
	return w
}

// launch launches the process, unless it is cancelled. It is called once.
func (w *worker) launch() {
	defer w.cancel(nil)
	p := w.pool
	number := w.output.belongToPlugin(p.logger())
	process, err := pluginproc.Launch(w.ctx, p.launchConfig(w.output))
	if err == nil && w.proves {
		process, err = proven(w.ctx, process)
	}
	if err == nil {
		number(process.Pid())
	}
	p.processes.mu.Lock()
	w.process, w.err = process, err
	close(w.up)
	nobody := w.seats == 0
	wanted := !errors.Is(context.Cause(w.ctx), errUnwanted)
	if err != nil {
		p.dropLocked(w)
	}
	rests := nobody && err == nil && w.restLocked()
	p.processes.mu.Unlock()
	switch {
	case nobody && err == nil:
		w.settle(rests)
	case nobody && wanted:
		p.grieve("a plugin process that was to wait for a task did not start", time.Time{}, "error", err)
	}
}

// proven has a process that is to wait answer first: a connection alone proves nothing. And
// a plugin that has answered once starts its first task in two thirds of the time.
func proven(ctx context.Context, process *pluginproc.Process) (*pluginproc.Process, error) {
	if _, err := process.Describe(ctx); err != nil {
		return nil, err
	}
	return process, nil
}

// restLocked has a process that nobody is in wait for an attempt. It reports false if
// that is not wanted: then nobody gets in. The caller settles it.
func (w *worker) restLocked() bool {
	p := w.pool
	if w.dropped || p.processes.ctx.Err() != nil || !w.servesLocked() || p.waitingLocked() > p.warm {
		p.dropLocked(w)
		return false
	}
	w.waits = time.Now()
	if !w.watched {
		w.watched = true
		p.processes.wait.Go(w.watch)
	}
	return true
}

// settle is for a process that nobody is in: it rests, or is seen off.
func (w *worker) settle(rests bool) {
	if rests {
		w.pool.logger().Debug("a plugin process waits for a task", "pid", w.process.Pid())
	} else {
		w.end(farewell)
	}
}

// watch sees to the death of a process while it waits: who is in one sees that himself.
// It ends with the process.
func (w *worker) watch() {
	<-w.process.Done()
	p := w.pool
	p.processes.mu.Lock()
	lost, since := w.seats == 0 && !w.dropped, w.waits
	if lost {
		p.dropLocked(w)
	}
	p.processes.mu.Unlock()
	if lost {
		p.grieve("a plugin process ended while it waited for a task", since, "pid", w.process.Pid(),
			"end", w.process.Exit(), "stderr", pluginproc.LastWords(w.process.Stderr()))
	}
}

// end sees off a process that nobody is in, within d.
func (w *worker) end(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if w.doubted { // final, as nobody is in
		w.process.Close(ctx)
	} else {
		w.process.Dismiss(ctx)
	}
}

func (w *worker) isUp() bool {
	select {
	case <-w.up:
		return true
	default:
		return false
	}
}

// servesLocked reports whether a process may come up, or is up and has not died since.
func (w *worker) servesLocked() bool { return !w.isUp() || w.err == nil && w.process.Serves() }

// rankLocked is how soon a process should get another attempt, from 0.
func (w *worker) rankLocked() int {
	switch {
	case !w.isUp():
		return 2
	case w.seats == 0:
		return 1
	default:
		return 0
	}
}

// ping is a question whether a process answers, which many may wait for.
type ping struct {
	done    chan struct{} // closed after the rest is set
	unknown bool          // who asked lost interest
	answers bool
}

// answers reports whether the process answers by the end of ctx. All who ask at the
// same time ask once.
func (w *worker) answers(ctx context.Context) bool {
	for {
		w.pool.processes.mu.Lock()
		p, first := w.pinging, w.pinging == nil
		if first {
			p = &ping{done: make(chan struct{})}
			w.pinging = p
		}
		w.pool.processes.mu.Unlock()
		if first {
			w.ask(ctx, p)
			return p.answers
		}
		select {
		case <-p.done:
			if !p.unknown {
				return p.answers
			}
		case <-ctx.Done():
			return false
		}
	}
}

func (w *worker) ask(ctx context.Context, p *ping) {
	p.answers = answers(ctx, w.process.Client())
	p.unknown = errors.Is(ctx.Err(), context.Canceled)
	w.pool.processes.mu.Lock()
	defer w.pool.processes.mu.Unlock()
	w.pinging = nil
	w.unanswering = !p.answers && !p.unknown
	close(p.done)
}

// answers reports whether a plugin describes itself, as a frozen one cannot.
func answers(ctx context.Context, c *wire.Client) bool {
	_, err := c.Describe(ctx)
	return err == nil
}

// pong says whether a plugin answers.
func pong(answers bool) string {
	if answers {
		return "; its plugin still answers"
	}
	return ", nor does its plugin answer"
}

// killedFor says of a process that it was killed for another attempt's sake.
func (w *worker) killedForLocked(other *seat) string {
	why := "did not stop in time"
	if w.unanswering {
		why = "showed no sign of life, nor did their process answer"
	}
	return fmt.Sprintf("its process was killed: task %q, which ran there too, %s", other.task, why)
}
