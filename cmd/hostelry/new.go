package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/scaffold"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// newFlags are the flags of plugin new, as given.
type newFlags struct{ language, dir string }

func newPluginNew(c *command) *cobra.Command {
	f := newFlags{}
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin: a small one that is complete, to begin with",
		Long: `Write a new plugin: a small one that is complete, with a config, progress, a clean stop,
a unit test, a job file and a README. It builds and passes its tests as it is.`,
		Example: `  hostelry plugin new hello
  hostelry plugin new hello --lang python --dir plugins/hello`,
		Args: oneArgument("the new plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			signals := watchSignals(nil)
			defer signals.end()
			return f.write(signals.ctx, c, args[0])
		},
	}
	cmd.Flags().StringVar(&f.language, "lang", "go", "`language` to write it in: "+strings.Join(scaffold.Languages(), ", "))
	cmd.Flags().StringVar(&f.dir, "dir", "", "`directory` to write it to, which is made (default NAME)")
	completeValues(cmd, "lang", scaffold.Languages())
	return cmd
}

// write writes the plugin and says what to do with it.
func (f newFlags) write(ctx context.Context, c *command, name string) error {
	taken := []string{catalog.BuiltIn, "self"}
	for _, k := range builtin.Kinds() {
		taken = append(taken, k.Name())
	}
	if slices.Contains(taken, name) {
		return fmt.Errorf("the name %q is taken: choose another", name)
	}
	p := scaffold.Plugin{Name: name}
	if f.language == "go" {
		var err error
		if p.Module, err = scaffold.ThisModule(); err != nil {
			return err
		}
	}
	dir := f.dir
	if dir == "" {
		dir = name
	}
	files, err := scaffold.Write(dir, f.language, p)
	if err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("wrote %s, a plugin in %s:", terminal.Clean(dir), f.language)}
	for _, file := range files {
		lines = append(lines, "  "+filepath.Join(dir, file))
	}
	if f.language == "go" {
		if err := require(ctx, dir, p.Module); err != nil {
			return fmt.Errorf("wrote %s, but its module is not complete: %w", dir, err)
		}
	}
	return c.print(append(append(lines, "", "next:"), next(f.language, dir, name)...))
}

// next are the commands that a new plugin is tried with.
func next(language, dir, name string) []string {
	test := map[string][]string{
		"go":     {"go test ./...", "go build"},
		"python": {"/usr/bin/python3 -m unittest"},
		"node":   {"npm install", "node --test"},
	}[language]
	lines := []string{"  cd " + dir}
	for _, line := range test {
		lines = append(lines, "  "+line)
	}
	return append(lines, "  hostelry plugin test ./"+catalog.Prefix+name, "  hostelry run job.yaml")
}

// require has the go command write down the modules that the plugin needs. The sums
// of a checkout's are known: with them it needs no network.
func require(ctx context.Context, dir string, m scaffold.Module) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New(`there is no "go" command in PATH: install Go, and run "go mod tidy" there`)
	}
	if m.Dir != "" {
		sums, err := os.ReadFile(filepath.Join(m.Dir, "go.sum"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644) //nolint:gosec // where the user says
		}
		if err != nil {
			return err
		}
	}
	_, err := goCommand(ctx, dir, "get", "-t", ".")
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("go get -t . there:\n%w", err)
	}
	return err
}
