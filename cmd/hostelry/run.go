package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/view"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// runFlags are the flags of run, as given.
type runFlags struct {
	plugins, id, mode, policy, output string
	grace, startTimeout, deadline     string
	restart, timeout, watchdog        string // of a kind's one task
	set, attach                       []string
	verbose, watch                    bool
	trust
}

// runHelp is what --help says of run, before its flags.
const runHelp = `Run the tasks of a job file, or one task of a kind: a built-in one, or one that a
plugin in DIR offers, as KIND or PLUGIN/KIND.

Paths in a job file are relative to its folder; the tasks run there.

SIGINT (Ctrl-C) and SIGTERM stop the tasks gracefully; a second one kills them.
A run that reaches its deadline is stopped in the same way, and has failed.

With --watch a plugin of the job is built again when a source of it changes, and its
tasks begin again with it, also those that had ended; all others are left alone. While
it does not build, its tasks run on as they are. Its sources are the Go packages of
"build" and those that they import from local modules, with what these embed; of other
plugins the file in "dir", and for a script the source files beside and below it. The
job file itself is read once. The session lasts until Ctrl-C, whatever fails: a
failure stops no other task, as with policy log-only, also within groups, and the
file's deadline does not hold.

With --output json each line is an object with a "type": "state", "ready" and
"progress" of a task, with the number of its "attempt"; "log", of a task likewise or
of none; "error" for what is wrong with the job; and as the last one "summary". A
"state" has the "state", where there is something to say the "cause", with
"backing-off" the time of the "next" attempt, and with a failure the "error".`

func newRun(c *command) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run JOB.yaml | run [--plugins DIR] KIND [--set KEY=VALUE ...]",
		Short: "Run the tasks of a job file, or one task of a kind",
		Long:  runHelp,
		Example: `  hostelry run job.yaml
  hostelry run exec --set 'command=[make, test]'
  hostelry run exec --set 'command=[./server]' --restart on-failure --deadline 1h
  hostelry run job.yaml --watch
  hostelry run --plugins plugins digest --set root=. --output json`,
		Args:              oneArgument("a job file or a kind"),
		ValidArgsFunction: completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, broken, err := c.newView(f.output)
			if err != nil {
				return usage(cmd, err)
			}
			c.status = f.run(args[0], v, broken)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.plugins, "plugins", "", "`directory` of plugins, instead of the job file's")
	flags.StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` of the kind's config: dots in KEY nest, VALUE is YAML; may be repeated, the later one wins")
	flags.StringArrayVar(&f.attach, "attach", nil, "`NAME=ADDRESS` of a plugin that serves already, as its serve --attach prints it: it is dialled, not launched; may be repeated")
	flags.StringVar(&f.id, "id", "", "the task's `id`, with a kind (default the kind's name)")
	flags.StringVar(&f.mode, "mode", "", "`mode` of tasks that choose none: goroutine, async or process")
	flags.StringVar(&f.policy, "policy", "", "what a failure means for the other tasks: `policy` propagate, stop-all or log-only")
	flags.StringVar(&f.grace, "grace", "", "how long a stopping task may take, a `duration` such as 5s")
	addStartTimeout(cmd, &f.startTimeout)
	flags.StringVar(&f.deadline, "deadline", "", "how long the run may take, a `duration` such as 10m (default no deadline)")
	flags.StringVar(&f.restart, "restart", "", "`when` to begin a kind's task again: on-failure or always, at most 5 times within a minute (default never)")
	flags.StringVar(&f.timeout, "timeout", "", "how long an attempt of a kind's task may take, a `duration` such as 30s (default no timeout)")
	flags.StringVar(&f.watchdog, "watchdog", "", "how long a kind's task may show no sign of life, a `duration` such as 10s (default for ever)")
	f.addFlags(cmd)
	flags.StringVar(&f.output, "output", "auto", "`format`: auto, plain or json")
	flags.BoolVar(&f.watch, "watch", false, "build the job's plugins again when their sources change, and restart their tasks, until Ctrl-C")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the logs' debug records too")
	completeValues(cmd, "mode", names(host.Modes()))
	completeValues(cmd, "policy", names(host.Policies()))
	completeValues(cmd, "restart", []string{host.RestartOnFailure.String(), host.RestartAlways.String()})
	completeValues(cmd, "output", view.Formats())
	return cmd
}

// aKind is an argument that names a kind; a job file's name has a dot.
var aKind = regexp.MustCompile(`^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?$`)

// run runs the job file or kind, and returns the exit status.
func (f *runFlags) run(target string, v view.View, broken <-chan error) int {
	signals := watchSignals(broken)
	defer signals.end()

	plan, problems := f.plan(signals.ctx, target, v)
	if status, stopped := signals.status(context.Cause(signals.ctx)); stopped {
		v.End(refusal(status))
		return status
	}
	if problems != nil {
		for _, p := range problems {
			v.Error(p)
		}
		v.End(refusal(exitUsage))
		return exitUsage
	}
	return plan.run(signals, v)
}

// refusal is the summary of a run that was not started.
func refusal(status int) view.Summary {
	return view.Summarize("", view.StatusRefused, status, nil)
}

// run runs the plan's tasks to their end, and returns the exit status.
func (p *plan) run(signals *signals, v view.View) int {
	signals.started(p.runner, v)
	v.Begin(p.shown())
	var showing sync.WaitGroup
	showing.Go(func() { // ends with the run
		for e := range p.events {
			v.Event(e)
		}
	})
	err := p.execute(signals.ctx, v)
	showing.Wait()

	status, runStatus := exitOK, view.StatusSucceeded
	if code, stopped := signals.status(err); stopped {
		status, runStatus = code, view.StatusStopped
		if code == exitFailed {
			runStatus = view.StatusFailed
		}
	} else if err != nil || p.runner.NumFailed() > 0 {
		status, runStatus = exitFailed, view.StatusFailed
	}
	summary := view.Summarize(p.runner.ID(), runStatus, status, p.runner.Handles())
	if errors.Is(err, host.ErrDeadline) {
		summary.Cause = fmt.Sprintf("%v of %v", host.ErrDeadline, p.deadline)
	}
	v.End(summary)
	return status
}

// execute runs the tasks to their end, or as long as the session lasts.
func (p *plan) execute(ctx context.Context, v view.View) error {
	if p.session == nil {
		return p.runner.Run(ctx)
	}
	return p.session.run(ctx, p.runner, v)
}

// settings are the flags' values, or the job file's where there is no flag. What
// nothing says is 0.
type settings struct {
	mode                          host.Mode
	policy                        host.Policy
	grace, startTimeout, deadline time.Duration
	restart                       host.RestartWhen
	timeout, watchdog             time.Duration

	catalog *catalog.Catalog // of the built-in kinds and those of attached plugins
}

// parse reads the flags' values and names each that is bad.
func (f *runFlags) parse() (settings, []view.Problem) {
	var s settings
	var errs []error
	check := func(flag string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	var err error
	if f.mode != "" {
		s.mode, err = host.ParseMode(f.mode)
		check("mode", err)
	}
	if f.policy != "" {
		s.policy, err = host.ParsePolicy(f.policy)
		check("policy", err)
	}
	if f.restart != "" {
		s.restart, err = host.ParseRestartWhen(f.restart)
		check("restart", err)
	}
	for _, d := range []struct {
		flag, text string
		value      *time.Duration
	}{
		{"grace", f.grace, &s.grace},
		{"start-timeout", f.startTimeout, &s.startTimeout},
		{"deadline", f.deadline, &s.deadline},
		{"timeout", f.timeout, &s.timeout},
		{"watchdog", f.watchdog, &s.watchdog},
	} {
		*d.value, err = duration(d.text)
		check(d.flag, err)
	}
	return s, problemsOf(errs...)
}

// duration reads a positive duration; "" is 0.
func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration of more than 0, such as 5s", text)
	}
	return d, nil
}

// problemsOf are errors as problems without a place, one for each line.
func problemsOf(errs ...error) []view.Problem {
	var problems []view.Problem
	for _, err := range errs {
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				problems = append(problems, view.Problem{Message: line})
			}
		}
	}
	return problems
}

// newView makes the view of a run. The channel gets the error of an output that
// broke.
func (c *command) newView(format string) (view.View, <-chan error, error) {
	broken := make(chan error, 1)
	v, err := view.New(format, c.out, c.errOut, func(err error) { broken <- err })
	return v, broken, err
}

// logger is where the run's logs go.
func (f *runFlags) logger(v view.View) *slog.Logger {
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	return slog.New(view.LogHandler(v, level))
}

// oneArgument wants exactly one argument.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return usage(cmd, errors.New("missing argument: name "+what))
		case 1:
			return nil
		default:
			return usage(cmd, fmt.Errorf("unexpected argument %q: name one thing, %s", args[1], what))
		}
	}
}

func addStartTimeout(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVar(value, "start-timeout", "", "how long a plugin may take to start, a `duration` such as 10s")
}

// completeRun completes a job file or a built-in kind.
func completeRun(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var kinds []string
	for _, k := range builtin.Kinds() {
		kinds = append(kinds, k.Name()+"\t"+k.Description())
	}
	return kinds, cobra.ShellCompDirectiveDefault
}

func completeValues(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // there is no such flag
	}
}

// names are values as text.
func names[T fmt.Stringer](values []T) []string {
	var all []string
	for _, v := range values {
		all = append(all, v.String())
	}
	return all
}
