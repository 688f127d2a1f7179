package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

const (
	// farewell is how long a plugin whose task has ended may take to exit.
	farewell = 2 * time.Second
	// lostPatience is how long a plugin that hung up without a last word may take
	// to die, before it is killed: most often it is dying already.
	lostPatience = time.Second
)

// processes is the executor of process mode: each attempt takes a seat in a plugin process
// of a pool, or runs in one that was attached.
type processes struct {
	keeper *keeper.Keeper  // the runner's
	ctx    context.Context // ends when nothing more is launched
	cancel context.CancelFunc
	wait   sync.WaitGroup // for the goroutines of the pools

	mu       sync.Mutex
	pools    map[makeup]*pool  // without those for one attempt alone
	versions map[string]string // of a plugin, by its name: the path whose processes may wait
}

func newProcesses(k *keeper.Keeper) *processes {
	p := &processes{keeper: k, pools: make(map[makeup]*pool), versions: make(map[string]string)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// close ends the processes that wait. One that hangs in the kernel is not to hang the host.
func (p *processes) close(bool) {
	p.cancel()
	p.mu.Lock()
	for _, pool := range p.pools {
		pool.retireLocked()
	}
	p.mu.Unlock()
	ended := make(chan struct{})
	go func() { // ends with the processes
		p.wait.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(farewell + reapTimeout):
	}
}

func (p *processes) prepare(c call) execution {
	if c.job.kind.Address() != "" {
		e := &attached{call: c}
		e.attempt = attempt.New(c.ctx, e.dial)
		return e
	}
	e := &process{call: c, pools: p}
	e.attempt = attempt.New(c.ctx, e.launch)
	return e
}

// process is an attempt in a plugin process.
type process struct {
	call
	pools   *processes
	attempt *attempt.Attempt
	failure *processEnd // of the launch; the attempt's goroutine's
	late    bool        // it was given up after the plugin came up; likewise

	mu     sync.Mutex
	seat   *seat // nil until it has one
	asked  bool  // to stop
	forced bool
}

// begin starts the attempt's goroutine. It ends with the task or its process, which can
// always be ended; the runner waits for ended.
func (e *process) begin() { go e.attempt.Run(e.started, e.end) }

// launch is the attempt's Maker: it finds a place in a plugin's process and starts the
// task there.
func (e *process) launch(ctx context.Context) (task.Task, error) {
	timeout := cmp.Or(e.job.startTimeout, e.config.startTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, startTimeoutError(timeout))
	defer cancel()
	for {
		place, err := e.pools.take(ctx, &e.call)
		if err != nil {
			if cause := context.Cause(ctx); errors.Is(cause, task.ErrStopped) {
				return nil, cause
			}
			e.failure = launchEnd(err)
			return nil, e.describe(ctx, e.blameLaunch(err))
		}
		if !e.adopt(place) {
			return nil, context.Cause(ctx)
		}
		remote, err := place.client().Start(ctx, e.config.runID, e.job.kind.Name, e.job.config)
		if errors.Is(err, wire.ErrRefused) && place.isSecondHand() {
			e.vacate() // the task did not run: let it have another process
			continue
		}
		place.worker.pool.refill() // once the task has begun: it comes first
		if err == nil {
			return remote, nil
		}
		if e.late = errors.Is(ctx.Err(), context.DeadlineExceeded); e.late {
			place.giveUp() // it did not answer
		}
		return nil, e.describe(ctx, err)
	}
}

// startTimeoutError says which start timeout came first. Each attempt has one ready: to
// write it out for none cost a tenth of a shared process's start.
type startTimeoutError time.Duration

func (e startTimeoutError) Error() string {
	return fmt.Sprintf("not started within the start timeout of %v", time.Duration(e))
}

// executable is the plugin's file, or for a kind of this program the program.
func executable(k *catalog.Kind) (string, error) {
	if !k.IsBuiltIn() {
		return k.Executable(), nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("this program cannot be started again as a plugin: %w", err)
	}
	return path, nil
}

// describe says what did not start.
func (e *process) describe(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); e.late && (errors.Is(err, wire.ErrLost) || errors.Is(err, cause)) { // the host hung up
		err = &silent{cause}
	}
	switch {
	case !e.job.kind.IsBuiltIn():
		return fmt.Errorf("plugin %q: %w", e.job.kind.Plugin, err)
	case errors.Is(err, task.ErrUnknownKind):
		return fmt.Errorf("kind %q was not given to plugin.ServeSelf: %w", e.job.kind.Name, err)
	case e.failure != nil:
		err = fmt.Errorf("this program, started again as a plugin for kind %q (does its main call plugin.ServeSelf first?): %w",
			e.job.kind.Name, err)
		if e.failure.exitCode >= 0 && e.failure.signal == "" { // it ended by itself, and would again
			err = task.Permanent(err)
		}
		return err
	default:
		return err
	}
}

// silent is the error of a plugin that came up, but did not answer in time.
type silent struct{ cause error }

func (s *silent) Error() string {
	return fmt.Sprintf("%v: its plugin came up, but did not answer", s.cause)
}
func (s *silent) Unwrap() []error { return []error{wire.ErrLost, s.cause} }

func launchEnd(err error) *processEnd {
	e := &processEnd{outcome: OutcomeLaunchFailed, exitCode: -1}
	if failed, ok := errors.AsType[*pluginproc.LaunchError](err); ok {
		e.stderr = failed.Stderr
		if failed.Exited {
			e.exitCode, e.signal = failed.Exit.Code, signalName(failed.Exit)
		}
	}
	return e
}

// adopt makes the seat known to insist. It reports false if that came first.
func (e *process) adopt(s *seat) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seat = s
	return !e.forced
}

// vacate leaves a process that has refused the task, to which nobody else is to come.
func (e *process) vacate() {
	e.mu.Lock()
	seat := e.seat
	e.seat = nil
	e.mu.Unlock()
	seat.shun()
	seat.leave(true)
}

func (e *process) stop(ctx context.Context, cause error) {
	e.mu.Lock()
	e.asked = true
	e.mu.Unlock()
	go e.attempt.Stop(ctx, cause) // ends once the request is sent or the attempt has ended
}

// insist kills the process group, but where others are in it not before the task was
// asked to stop. Before there is one, the launch is being cancelled already, by stop.
func (e *process) insist() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seat != nil && !e.seat.insist(e.asked) {
		return false
	}
	e.forced = true
	return true
}

// ping asks the plugin to describe itself, as a frozen one cannot.
func (e *process) ping(ctx context.Context) string {
	e.mu.Lock()
	seat := e.seat
	e.mu.Unlock()
	if seat == nil {
		return ""
	}
	return pong(seat.worker.answers(ctx))
}

func (e *process) runs(attempt.Trace) bool           { return false }
func (e *process) await(_ context.Context, f func()) { f() }

// end leaves the process and reports how the attempt ended.
func (e *process) end(attempted attempt.End) {
	ended := end{End: attempted, process: e.failure}
	lost := errors.Is(attempted.Err, wire.ErrLost)
	if e.seat == nil {
		e.ended(ended)
		return
	}
	if lost {
		ended.process = e.mourn()
		switch {
		case e.late:
			ended.process.outcome = OutcomeLaunchFailed
		case ended.process.outcome == OutcomeLost: // then what broke the stream tells more
			ended.Err = fmt.Errorf("%w; %v", attempted.Err, ended.process)
		default: // a task may be gone before its plugin can say that it runs
			ended.Err = fmt.Errorf("%w: %v", wire.ErrLost, ended.process)
		}
	}
	e.seat.leave(attempted.Started && !lost)
	e.blameLimit(&ended)
	if ended.Err != nil {
		ended.Text = ended.Err.Error()
	}
	e.ended(ended)
}

func (e *process) mourn() *processEnd {
	if e.late { // the host hung up
		return e.seat.mourn(0)
	}
	return e.seat.mourn(lostPatience)
}

func (e *processEnd) String() string {
	switch {
	case e.words != "":
		return e.words
	case e.outcome == OutcomeExited:
		return fmt.Sprintf("its process exited with status %d", e.exitCode)
	case e.outcome == OutcomeSignalled:
		return fmt.Sprintf("its process was killed by a signal (%s)", e.signal)
	default:
		return "its process lived on and was killed"
	}
}

func signalName(e procgroup.Exit) string {
	if e.Signal == 0 {
		return ""
	}
	return e.Signal.String()
}
