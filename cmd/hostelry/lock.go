package main

import (
	"errors"
	"fmt"
	"path/filepath"

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
platforms are kept.`,
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
	var lines []string
	for _, p := range plugins {
		if p.Err == nil {
			lines = append(lines, fmt.Sprintf("locked %s %s %s", p.Name, p.Version, p.SHA256))
		} else if !errors.Is(p.Err, catalog.ErrNotNamed) {
			lines = append(lines, fmt.Sprintf("not locked: %s cannot be used: %v", p.Name, p.Err))
		}
	}
	return f.command.print(append(lines, "wrote "+f.nearby(filepath.Join(dir, catalog.LockFile))))
}
