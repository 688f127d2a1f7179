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

// processes is the executor of process mode: a plugin process for each attempt, or
// for all attempts of its kinds one that was attached.
type processes struct{ keeper *keeper.Keeper }

func (p *processes) close(bool) { p.keeper.Close() }

func (p *processes) prepare(c call) execution {
	if c.job.kind.Address() != "" {
		e := &attached{call: c}
		e.attempt = attempt.New(c.ctx, e.dial)
		return e
	}
	e := &process{call: c, keeper: p.keeper}
	e.attempt = attempt.New(c.ctx, e.launch)
	return e
}

// process is an attempt in a plugin process.
type process struct {
	call
	keeper  *keeper.Keeper
	attempt *attempt.Attempt
	failure *processEnd // of the launch; the attempt's goroutine's
	late    bool        // the launch was given up after the plugin came up; likewise

	mu     sync.Mutex
	plugin *pluginproc.Process // nil until it was launched
	forced bool
}

// begin starts the attempt's goroutine. It ends with the plugin's process, which
// always ends; the runner waits for ended.
func (e *process) begin() { go e.attempt.Run(e.started, e.end) }

// launch is the attempt's Maker: it starts the plugin and, in it, the task.
func (e *process) launch(ctx context.Context) (task.Task, error) {
	timeout := cmp.Or(e.job.startTimeout, e.config.startTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not started within the start timeout of %v", timeout))
	defer cancel()
	path, err := executable(e.job.kind)
	if err != nil {
		return nil, err
	}
	plugin, err := pluginproc.Launch(ctx, pluginproc.Config{
		Path: path, File: e.job.kind.File(), Env: e.job.env.list(), Limits: e.job.bounds.each,
		Cgroup: e.job.bounds.all, Logger: task.Logger(e.ctx), Mask: e.job.mask, Keeper: e.keeper,
	})
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, task.ErrStopped) {
			return nil, cause
		}
		e.failure = launchEnd(err)
		return nil, e.describe(ctx, e.blameLaunch(err))
	}
	if !e.adopt(plugin) {
		return nil, context.Cause(ctx)
	}
	remote, err := plugin.Client().Start(ctx, e.config.runID, e.job.kind.Name, e.job.config)
	if err != nil {
		if e.late = errors.Is(ctx.Err(), context.DeadlineExceeded); e.late {
			plugin.Kill() // it did not answer
		}
		return nil, e.describe(ctx, err)
	}
	return remote, nil
}

// executable is the plugin's file, or for a kind of this program the program.
func executable(k *catalog.Kind) (string, error) {
	if !k.IsBuiltIn() {
		now := time.Now()
		_ = os.Chtimes(k.Executable(), now, now) // in use: the catalog removes old copies
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
	if errors.Is(err, wire.ErrLost) && e.late {
		err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
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

// adopt makes the process known to insist. It reports false if that came first.
func (e *process) adopt(plugin *pluginproc.Process) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plugin = plugin
	return !e.forced
}

func (e *process) stop(ctx context.Context, cause error) {
	go e.attempt.Stop(ctx, cause) // ends once the request is sent or the attempt has ended
}

// insist kills the process group. Before there is one, the launch is being
// cancelled already, by stop.
func (e *process) insist() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forced = true
	if e.plugin != nil {
		go e.plugin.Kill() // ends with the process
	}
	return true
}

// ping asks the plugin to describe itself, as a frozen one cannot.
func (e *process) ping(ctx context.Context) string {
	e.mu.Lock()
	plugin := e.plugin
	e.mu.Unlock()
	if plugin == nil {
		return ""
	}
	return pong(ctx, plugin.Client())
}

// pong says whether a plugin answers.
func pong(ctx context.Context, c *wire.Client) string {
	if _, err := c.Describe(ctx); err != nil {
		return ", nor does its plugin answer"
	}
	return "; its plugin still answers"
}

func (e *process) runs(attempt.Trace) bool           { return false }
func (e *process) await(_ context.Context, f func()) { f() }

// end sees the process off and reports how it ended.
func (e *process) end(attempted attempt.End) {
	ended := end{End: attempted, process: e.failure}
	if e.plugin == nil {
		e.ended(ended)
		return
	}
	if errors.Is(attempted.Err, wire.ErrLost) {
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
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	e.plugin.Close(ctx)
	e.blameLimit(&ended)
	if ended.Err != nil {
		ended.Text = ended.Err.Error()
	}
	e.ended(ended)
}

// mourn finds out why the plugin gave no last word.
func (e *process) mourn() *processEnd {
	patience := time.NewTimer(lostPatience)
	defer patience.Stop()
	select {
	case <-e.plugin.Done():
	case <-patience.C:
		if e.plugin.Kill(); e.plugin.Exit().Killed { // else its end is noticed late
			return &processEnd{outcome: OutcomeLost, exitCode: -1, stderr: e.plugin.Stderr()}
		}
	}
	exit := e.plugin.Exit()
	d := &processEnd{outcome: OutcomeExited, exitCode: exit.Code, signal: signalName(exit), stderr: e.plugin.Stderr()}
	if d.signal != "" {
		d.outcome = OutcomeSignalled
	}
	return d
}

func (e *processEnd) String() string {
	switch e.outcome {
	case OutcomeExited:
		return fmt.Sprintf("its process exited with status %d", e.exitCode)
	case OutcomeSignalled:
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
