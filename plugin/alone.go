package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/schema"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// echo is how long the same signal is taken for an echo of the first: timeout(1)
// signals a process and at once its group too.
const echo = 10 * time.Millisecond

// alone is a task that runs in this one process, without a host.
type alone struct {
	kind       task.Kind
	settings   []string // KEY=VALUE
	config     string   // file, "-" or ""
	attempt    int
	checkpoint string // file or ""
	grace      time.Duration
	cpuProfile string // file or ""
}

// run runs one task.
func (c *command) run(args []string) int {
	t, status, ok := c.parseRun(args)
	if !ok {
		return status
	}
	config, err := c.configOf(t)
	if err != nil {
		return c.refuse(err)
	}
	screen := newScreen(os.Stderr)
	host, err := newConsole(t.kind.Name(), t.attempt, screen, t.checkpoint)
	if err != nil {
		return c.refuse(fmt.Errorf("--checkpoint: %w", err))
	}
	profile, err := startProfile(t.cpuProfile)
	if err != nil {
		return c.refuse(fmt.Errorf("--cpuprofile: %w", err))
	}
	// What a task prints is no result, with a host and without.
	slog.SetDefault(host.logger)
	os.Stdout = os.Stderr
	began := time.Now()
	end, stopped := t.drive(attempt.New(task.WithHost(context.Background(), host), attempt.Of(t.kind, config)), host.logger)
	screen.end()
	profile()
	fmt.Fprintf(c.errOut, "%s %s in %v\n", t.kind.Name(), verdict(end, stopped), time.Since(began).Round(time.Millisecond))
	if end.Panic != nil {
		fmt.Fprintln(c.errOut, end.Panic.Stack)
	}
	if end.Result != nil {
		if _, err := fmt.Fprintf(c.out, "%s\n", end.Result); err != nil {
			fmt.Fprintf(c.errOut, "the result is lost: %v\n", err)
			return max(1, exitStatus(end, stopped))
		}
	}
	return exitStatus(end, stopped)
}

// parseRun reads run's arguments. If not ok, it has said why not.
func (c *command) parseRun(args []string) (t alone, status int, ok bool) {
	flags := newFlags("run KIND [--set KEY=VALUE]... [--config FILE]")
	flags.Func("set", "`KEY=VALUE` of the config: dots in KEY nest, VALUE is JSON, or else text; may be repeated", func(s string) error {
		t.settings = append(t.settings, s)
		return nil
	})
	flags.StringVar(&t.config, "config", "", "a `FILE` that has the config as JSON, or - for stdin")
	flags.IntVar(&t.attempt, "attempt", 1, "the attempt's `NUMBER`, from 1, for what the task does when it is restarted")
	flags.StringVar(&t.checkpoint, "checkpoint", "", "a `FILE` that has the checkpoint to restore, if it exists, and gets each new one")
	flags.DurationVar(&t.grace, "grace", 5*time.Second, "how long a stopping task may take, a `DURATION`; a host would end it then (default 5s)")
	flags.StringVar(&t.cpuProfile, "cpuprofile", "", "a `FILE` to write a CPU profile to, for go tool pprof")
	words, status, ok := c.parse(flags, args)
	if !ok {
		return t, status, false
	}
	err := c.choose(&t, words)
	if err == nil && t.attempt < 1 {
		err = fmt.Errorf("--attempt %d: attempts count from 1", t.attempt)
	}
	if err == nil && t.grace <= 0 {
		err = fmt.Errorf("--grace %v: expected more than 0", t.grace)
	}
	if err != nil {
		return t, c.refuse(err), false
	}
	return t, exitOK, true
}

// choose finds the kind that the words name.
func (c *command) choose(t *alone, words []string) error {
	names := make([]string, len(c.kinds))
	for i, k := range c.kinds {
		names[i] = k.Name()
	}
	known := strings.Join(names, ", ")
	switch {
	case len(words) == 0:
		return fmt.Errorf("name a kind to run: %s", known)
	case len(words) > 1:
		return fmt.Errorf("unexpected argument %q: a setting is given as --set KEY=VALUE", words[1])
	case !slices.Contains(names, words[0]):
		return fmt.Errorf("unknown kind %q: there is %s", words[0], known)
	}
	t.kind = c.kinds[slices.Index(names, words[0])]
	return nil
}

// configOf is the task's config, with its schema's defaults. It fits what the type's
// tags say; the rest is its type's and its kind's to see to.
func (c *command) configOf(t alone) ([]byte, error) {
	config, err := readConfig(t.config, c.in, t.settings)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.description.Kinds, func(k wire.KindDescription) bool { return k.Name == t.kind.Name() })
	rules := c.description.Kinds[i].ConfigSchema
	if missing := missingFields(rules, config); len(missing) > 0 {
		return nil, fmt.Errorf("the config lacks %s: give --set %s=VALUE", strings.Join(missing, ", "), missing[0])
	}
	notes, err := schema.ReadNotes(rules)
	if err != nil {
		return nil, err
	}
	if config, err = notes.Fill(config); err == nil {
		err = notes.CheckBounds(config)
	}
	if err != nil {
		return nil, fmt.Errorf("the config does not fit: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return config, nil
}

// drive runs the attempt to its end. A signal stops the task as a host does, and is
// returned.
func (t alone) drive(a *attempt.Attempt, logger *slog.Logger) (attempt.End, os.Signal) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	ended := make(chan attempt.End, 1)
	go a.Run(func() {}, func(e attempt.End) { ended <- e }) // ends with the task
	select {
	case e := <-ended:
		return e, nil
	case first := <-signals:
		return t.stop(a, logger, ended, first, signals), first
	}
}

// stop stops the task and waits for its end. A second signal ends the process.
// Whatever happens to stderr meanwhile, the signal is heard.
func (t alone) stop(a *attempt.Attempt, logger *slog.Logger, ended <-chan attempt.End, first os.Signal, signals <-chan os.Signal) attempt.End {
	ctx, cancel := context.WithTimeout(context.Background(), t.grace)
	defer cancel()
	asked, late := time.Now(), ctx.Done()
	go a.Stop(ctx, task.ErrStopped)                                       // ends with the task's Stop, for which the attempt waits
	go logger.Info("stopping the task; a second signal ends the process") // ends when stderr takes the line
	for {
		select {
		case e := <-ended:
			return e
		case s := <-signals:
			if s != first || time.Since(asked) > echo {
				quit(s)
			}
		case <-late:
			late = nil
			go logger.Warn("the task has not stopped within its grace: a host would end it now", "grace", t.grace) // likewise
		}
	}
}

// startProfile begins to write a CPU profile, if there is a file for it, and returns
// what ends that.
func startProfile(file string) (end func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// verdict says how a task ended, in the words of a host.
func verdict(e attempt.End, stopped os.Signal) string {
	switch {
	case stopped != nil && e.Clean:
		return "stopped"
	case e.Err == nil:
		return "succeeded"
	default:
		return "failed (" + e.Text + ")"
	}
}

// exitStatus is the one of `hostelry run`.
func exitStatus(e attempt.End, stopped os.Signal) int {
	switch {
	case stopped != nil:
		return signalStatus(stopped)
	case e.Err == nil:
		return exitOK
	case !e.Started && errors.Is(e.Err, task.ErrBadConfig):
		return exitUsage
	default:
		return exitFailed
	}
}

// quit ends the process at once.
func quit(s os.Signal) { os.Exit(signalStatus(s)) }

func signalStatus(s os.Signal) int {
	n, _ := s.(syscall.Signal) // as all are
	return 128 + int(n)
}
