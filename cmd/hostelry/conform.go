package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/shell"
	"github.com/hostelry-run/hostelry/host/candidate"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// testFlags are the flags of plugin test, as given.
type testFlags struct {
	command *command

	kind, config               string
	set                        []string
	startTimeout, grace, watch string
	output, junit              string
	verbose                    bool
}

func newPluginTest(c *command) *cobra.Command {
	f := &testFlags{command: c}
	cmd := &cobra.Command{
		Use:   "test BINARY [--kind KIND] [--config FILE] [--set KEY=VALUE ...]",
		Short: "Check that a plugin keeps the rules of the protocol",
		Long: `Check that a plugin, in whatever language, keeps the rules of the protocol: start
it, run and stop tasks of its kinds, leave it without a host, and so on. Each check
holds a rule of shared/proto/PROTOCOL.md, which it names when it fails; "n/a" is one
that the plugin gave no occasion to make.

A kind is run with the config that is given, or else with one that is made of the
examples and defaults in its schema. A config with which a task runs until it is
stopped shows the most. The tasks are real: some ten of them run, several at once.

Exit status: 0 the plugin conforms, 1 it does not, 2 a bad flag, file or config, or a
kind of which no task was run as it needs a config that was not given.`,
		Example: `  hostelry plugin test ./hostelry-digest --set root=.
  hostelry plugin test ./hostelry-hello --kind hello --config hello.yaml --junit report.xml`,
		Args: oneArgument("the plugin's executable"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.test(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "kind", "", "check this `kind` alone (default every kind)")
	flags.StringVar(&f.config, "config", "", "`file` with the kind's config, YAML or JSON")
	flags.StringArrayVar(&f.set, "set", nil, "`KEY=VALUE` of the kind's config: dots in KEY nest, VALUE is YAML; may be repeated, the later one wins")
	addStartTimeout(cmd, &f.startTimeout)
	flags.StringVar(&f.grace, "grace", "", "how long a task may take to stop, a `duration` (default 5s)")
	flags.StringVar(&f.watch, "watch", "", "how long a task may run before it is stopped, a `duration` (default 1s)")
	flags.StringVar(&f.output, "output", "plain", "`format`: plain, json or junit")
	flags.StringVar(&f.junit, "junit", "", "also write a report to this `file`, JUnit's XML")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show what the plugin logs and prints")
	completeValues(cmd, "output", []string{"plain", "json", "junit"})
	return cmd
}

// test checks the plugin and reports.
func (f *testFlags) test(cmd *cobra.Command, file string) error {
	r, err := f.newReport(file)
	if err != nil {
		return usage(cmd, err)
	}
	options, err := f.options()
	if _, misread := errors.AsType[jobfile.Problems](err); err != nil && !misread {
		return usage(cmd, err)
	} else if err != nil {
		return err
	}
	binary, err := candidate.New(file, f.logger())
	if err != nil {
		return err
	}
	defer binary.Close()
	suite, err := conformance.New(binary, options)
	if err != nil {
		return usage(cmd, err)
	}
	defer suite.Close()

	signals := watchSignals(nil)
	defer signals.end()
	kinds, err := suite.Kinds(signals.ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	v := &verdicts{file: file, began: time.Now()}
	for result := range suite.All(signals.ctx, kinds) {
		if signals.ctx.Err() != nil {
			break // what it saw was the end of the test
		}
		v.add(result)
		r.check(result)
	}
	v.plugin, v.settings = suite.Plugin(), f.settings(options.Config, suite.Masked)
	if status, stopped := signals.status(context.Cause(signals.ctx)); stopped {
		f.command.status = status
		return nil
	}
	switch {
	case len(v.failed) > 0:
		f.command.status = exitFailed
	case len(v.unseen) > 0: // nobody is to take that for a pass
		f.command.status = exitUsage
	}
	return errors.Join(r.end(v), f.writeJUnit(v))
}

func (f *testFlags) options() (conformance.Options, error) {
	o := conformance.Options{Kind: f.kind}
	for _, d := range []struct {
		flag, text string
		value      *time.Duration
	}{{"start-timeout", f.startTimeout, &o.StartTimeout}, {"grace", f.grace, &o.Grace}, {"watch", f.watch, &o.Watch}} {
		var err error
		if *d.value, err = duration(d.text); err != nil {
			return o, fmt.Errorf("--%s: %w", d.flag, err)
		}
	}
	var err error
	if f.config != "" || f.set != nil {
		o.Config, err = jobfile.ReadConfig(f.config, f.set)
	}
	return o, err
}

// settings are the config that was given as flags of run: those of --set as they are,
// or the fields of what they made of --config, which run has not. mask hides secrets.
func (f *testFlags) settings(config json.RawMessage, mask func(string) string) string {
	var flags strings.Builder
	add := func(key, value string) { flags.WriteString(shell.Set(key, mask(value))) }
	if f.config == "" {
		for _, setting := range f.set {
			key, value, _ := strings.Cut(setting, "=")
			add(key, value)
		}
		return flags.String()
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(config, &fields) // it is an object
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		add(key, string(fields[key]))
	}
	return flags.String()
}

func (f *testFlags) logger() *slog.Logger {
	if !f.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(f.command.errOut, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// writeJUnit writes the report that --junit asks for.
func (f *testFlags) writeJUnit(v *verdicts) error {
	if f.junit == "" {
		return nil
	}
	w, err := os.Create(f.junit)
	if err != nil {
		return err
	}
	return errors.Join(v.writeJUnit(w), w.Close())
}

// report shows what comes of the checks.
type report interface {
	check(conformance.Result)
	end(*verdicts) error
}

func (f *testFlags) newReport(file string) (report, error) {
	switch f.output {
	case "plain":
		return &plainReport{out: f.command.out, file: file}, nil
	case "json":
		e := json.NewEncoder(f.command.out)
		e.SetEscapeHTML(false)
		return &jsonReport{out: e}, nil
	case "junit":
		return junitReport{f.command.out}, nil
	default:
		return nil, fmt.Errorf("output %q is not one of plain, json, junit", f.output)
	}
}

// junitReport is JUnit's XML, at the end.
type junitReport struct{ out io.Writer }

func (junitReport) check(conformance.Result) {}
func (r junitReport) end(v *verdicts) error  { return v.writeJUnit(r.out) }
