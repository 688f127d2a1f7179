package builtin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/procgroup"
	"github.com/hostelry-run/hostelry/shared/task"
)

const (
	// insistAt is the share of the grace after which a command that was asked to
	// stop is killed. The rest is for its output and for the runner, so that the
	// whole tree is dead before the runner gives the task up.
	insistAt = 0.8

	// defaultPatience is how long a command may take to stop where the request
	// has no deadline: insistAt of the default grace of 5 seconds.
	defaultPatience = 4 * time.Second

	// shortPatience is how long it may take where nobody asked the task to stop
	// but its ctx ended, because its host is gone. The task then has a second.
	shortPatience = 500 * time.Millisecond
)

// ExecConfig is the config of the kind exec.
type ExecConfig struct {
	// Command is the program and its arguments. A program without a slash is
	// looked up in the PATH of the process that runs the task, a relative path
	// is relative to Dir. No shell is involved.
	Command []string `json:"command" jsonschema:"minItems=1,description=the program and its arguments; no shell is involved,example=echo,example=hello"`
	// Dir is where the command runs. The default is the working directory of the
	// process that runs the task, which a relative Dir is relative to.
	Dir string `json:"dir,omitempty" jsonschema:"description=the directory to run the command in; by default the host's own"`
	// Env is added to the environment of the process that runs the task.
	Env map[string]string `json:"env,omitempty" jsonschema:"description=variables to add to the environment"`
}

// ExecResult is the result of the kind exec, also where the command failed.
type ExecResult struct {
	// ExitCode is the exit status; any other than 0 is a failure as well.
	ExitCode int `json:"exit_code"`
}

// command runs a command as a task. Its stdin is empty; each line of its stdout
// and stderr is a log line, and a log that is slow slows the command rather than
// lose lines. When it ends, the rest of its process group is killed.
//
// On a requested stop its group gets SIGTERM, and SIGKILL after [insistAt] of
// the grace. Where there is no SIGTERM (Windows) it is killed at once.
type command struct {
	config  ExecConfig
	keeper  *keeper.Shared         // where the host is another process
	insist  chan (<-chan struct{}) // Stop to Run: closed when patience is over
	ended   chan struct{}          // closed when Run returns
	stderr  tail
	streams []*stream
}

func newCommand(c ExecConfig, k *keeper.Shared) (task.Task, error) {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, errors.New("command is empty: give the program and its arguments as a list")
	}
	for name := range c.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return nil, fmt.Errorf("env: %q is not a name of a variable", name)
		}
	}
	return &command{
		config: c,
		keeper: k,
		insist: make(chan (<-chan struct{}), 1),
		ended:  make(chan struct{}),
	}, nil
}

// Run starts the command and waits for the end of its group.
func (c *command) Run(ctx context.Context) (any, error) {
	defer close(c.ended)
	return task.Await(ctx, c.run)
}

// Stop asks the command to end and waits until Run returns.
func (c *command) Stop(ctx context.Context) error {
	patience := defaultPatience
	if deadline, ok := ctx.Deadline(); ok {
		patience = time.Duration(insistAt * float64(time.Until(deadline)))
	}
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.insist <- patient.Done()
	_, err := task.Await(ctx, func(ctx context.Context) (any, error) {
		select {
		case <-c.ended:
			return nil, nil
		case <-ctx.Done():
			return nil, fmt.Errorf("command %q has not ended: %w", c.config.Command[0], context.Cause(ctx))
		}
	})
	return err
}

// run is Run, off the event loop.
func (c *command) run(ctx context.Context) (any, error) {
	if err := c.stopAsked(ctx); err != nil {
		return nil, err
	}
	// The command is in no plugin's process group, and often in no plugin.
	ward := c.join(ctx)
	defer ward.Close()
	group, err := c.start(task.Logger(ctx), ward)
	if err != nil {
		return nil, err
	}
	var copying sync.WaitGroup
	for _, s := range c.streams {
		copying.Go(s.copy) // ends with the stream, soon after the group at the latest
	}
	task.Ready(ctx)
	stopped := c.supervise(ctx, group)
	for _, s := range c.streams {
		s.end()
	}
	copying.Wait()
	if stopped != nil {
		return nil, stopped
	}
	return c.outcome(group.Exit())
}

// join has the command ended should this process die, by its host's keeper if that is here.
func (c *command) join(ctx context.Context) *keeper.Ward {
	if host, ok := task.HostOf(ctx).(keeper.Employer); ok {
		return host.Keeper().Join()
	}
	return c.keeper.Join(task.Logger(ctx))
}

// stopAsked gives the cause of a stop that was asked for before the start.
func (c *command) stopAsked(ctx context.Context) error {
	select {
	case <-c.insist:
		return task.ErrStopped
	default:
		return context.Cause(ctx)
	}
}

// start starts the command with its streams.
func (c *command) start(log *slog.Logger, ward *keeper.Ward) (*procgroup.Group, error) {
	if err := checkDir(c.config.Dir); err != nil {
		return nil, err
	}
	stdout, err := newStream("stdout", log, nil)
	if err != nil {
		return nil, err
	}
	defer stdout.write.Close()
	stderr, err := newStream("stderr", log, c.stderr.add)
	if err != nil {
		stdout.read.Close()
		return nil, err
	}
	defer stderr.write.Close()

	cmd := exec.Command(c.config.Command[0], c.config.Command[1:]...)
	cmd.Dir = c.config.Dir
	cmd.Stdout, cmd.Stderr = stdout.write, stderr.write
	cmd.Env = os.Environ()
	for _, name := range slices.Sorted(maps.Keys(c.config.Env)) {
		cmd.Env = append(cmd.Env, name+"="+c.config.Env[name])
	}
	cmd.Env = append(cmd.Env, ward.Env()...)
	dieWithHost(cmd)
	group, err := procgroup.Start(cmd)
	if err != nil {
		stdout.read.Close()
		stderr.read.Close()
		return nil, startError(c.config.Command[0], err)
	}
	ward.Add(group.Pid())
	c.streams = []*stream{stdout, stderr}
	return group, nil
}

// supervise returns once the group has ended: nil if it did by itself, or else
// why it was made to.
func (c *command) supervise(ctx context.Context, group *procgroup.Group) error {
	select {
	case <-group.Done():
		return nil
	case insist := <-c.insist:
		end(group, insist)
		return task.ErrStopped
	case <-ctx.Done():
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), shortPatience)
	defer cancel()
	end(group, patient.Done())
	return context.Cause(ctx)
}

// end asks the group to end and kills it when insist is closed.
func end(group *procgroup.Group, insist <-chan struct{}) {
	if err := group.Signal(syscall.SIGTERM); err != nil {
		group.Kill()
	}
	select {
	case <-group.Done():
	case <-insist:
		group.Kill()
		<-group.Done()
	}
}
