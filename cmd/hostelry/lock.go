package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/host/catalog"
)

func newPluginLock(f *pluginFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock [--plugins DIR | JOB.yaml]",
		Short: "Write " + catalog.LockFile + ": which plugins may be launched, by their sha256",
		Long: `Write ` + catalog.LockFile + ` into the plugin directory: the name, version, platform and
sha256 of each plugin that can be used. From then on a plugin that differs is
refused, and with --locked one that is not in the file as well. Entries of other
platforms are kept. Of a script its one file is locked, neither its interpreter nor what
it imports. The exit status is 2 if a plugin was left out, as it cannot be used.`,
		Example: `  hostelry plugin lock --plugins plugins
  hostelry run --locked job.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.lock(cmd, args) },
	}
	f.addWritable(cmd)
	return cmd
}

// lock describes the plugins and writes down what they are.
func (f *pluginFlags) lock(cmd *cobra.Command, args []string) error {
	if f.plugins == "" && len(args) == 0 {
		return usage(cmd, errors.New("name the directory by --plugins, or a job file"))
	}
	f.relock = true
	c, err := f.open(cmd, args)
	if err != nil {
		return err
	}
	plugins := c.Plugins()
	if len(plugins) == 0 {
		return errors.New("there is nothing to lock: the plugin directory is empty")
	}
	dir := filepath.Dir(plugins[0].Path)
	if err := catalog.WriteLock(dir, plugins); err != nil {
		return err
	}
	var lines, left []string
	for _, p := range plugins {
		switch {
		case p.Err == nil:
			lines = append(lines, fmt.Sprintf("locked %s %s %s%s", p.Name, p.Version, p.SHA256, extent(p.Path)))
		case !errors.Is(p.Err, catalog.ErrNotNamed):
			lines = append(lines, fmt.Sprintf("not locked: %s cannot be used: %v", p.Name, p.Err))
			left = append(left, p.Name)
		}
	}
	err = f.command.print(append(lines, "wrote "+f.nearby(filepath.Join(dir, catalog.LockFile))))
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("not locked, as they cannot be used: %s", strings.Join(left, ", "))
	}
	return err
}

// extent says what a lock does not cover of what a plugin runs: for a script, all but its
// one file.
func extent(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	begin := make([]byte, 2)
	if _, err := io.ReadFull(f, begin); err != nil || string(begin) != "#!" {
		return ""
	}
	return " (the script alone: neither its interpreter nor what it imports)"
}
