package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/host/schema"
)

func newRoot(c *command) *cobra.Command {
	root := &cobra.Command{
		Use:   "hostelry",
		Short: "Run many stoppable tasks under one runner",
		Long: `Hostelry runs many stoppable tasks, each as a goroutine, on one event loop, or in
its own plugin process, under one failure policy.

Exit status: 0 every task succeeded or ended as asked, 1 a task failed or the run
reached its deadline, 2 a bad job file, flag, argument or plugin directory, 130 and
143 stopped by SIGINT and SIGTERM. A second signal kills what is still running.`,
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(c.out)
	root.SetErr(c.errOut)
	root.SetFlagErrorFunc(usage)
	root.AddCommand(newRun(c), newPlugin(c), newSchema(c), newVersion(c))
	return root
}

// usage is a mistake in how the command was called.
func usage(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w\nSee: %s --help", err, cmd.CommandPath())
}

// noArguments refuses arguments; for a command with subcommands they are names
// that it does not have.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasAvailableSubCommands() {
		return usage(cmd, fmt.Errorf("unexpected argument %q", args[0]))
	}
	var known []string
	for _, sub := range cmd.Commands() {
		known = append(known, sub.Name())
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := schema.Nearest(args[0], known); near != "" {
		err = fmt.Errorf("%w: did you mean %q?", err, near)
	}
	return usage(cmd, err)
}

func newSchema(c *command) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of job files",
		Long: `Print the JSON Schema of job files, with which editors complete and check them:

  hostelry schema > job.schema.json

and as the first line of a job file:

  # yaml-language-server: $schema=job.schema.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := c.out.Write(jobfile.Schema)
			return err
		},
	}
}

func newVersion(c *command) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of hostelry",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.out, version())
			return err
		},
	}
}

// version says what was built of what.
func version() string {
	words := []string{"hostelry", "(unknown version)"}
	if info, ok := debug.ReadBuildInfo(); ok {
		words[1] = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				words = append(words, s.Value[:min(12, len(s.Value))])
			}
		}
	}
	return strings.Join(append(words, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH), " ")
}
