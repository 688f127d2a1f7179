package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/fields"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/shell"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// pluginFlags are the flags of the plugin subcommands, as given.
type pluginFlags struct {
	command                       *command
	plugins, startTimeout, output string

	trust
	relock bool // for lock

	cwd string // the user's: a job's plugins are loaded in its folder
}

func newPlugin(c *command) *cobra.Command {
	f := &pluginFlags{command: c}
	cmd := &cobra.Command{
		Use:     "plugin",
		Aliases: []string{"plugins"},
		Short:   "Show and test plugins, and the kinds of task that they offer",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := &cobra.Command{
		Use:   "list [--plugins DIR | JOB.yaml]",
		Short: "List the plugins of a directory, those that cannot be used with the reason",
		Example: `  hostelry plugin list --plugins plugins
  hostelry plugin list job.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.list(cmd, args) },
	}
	show := &cobra.Command{
		Use:   "show [--plugins DIR | JOB.yaml] KIND | PLUGIN",
		Short: "Show a kind of task, or all kinds of a plugin, with the fields of the config",
		Example: `  hostelry plugin show exec
  hostelry plugin show --plugins plugins digest
  hostelry plugin show job.yaml digest`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 {
				return usage(cmd, errors.New("name a kind or a plugin, after a job file if it is one of its plugins"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.show(cmd, args[:len(args)-1], args[len(args)-1])
		},
	}
	cmd.AddCommand(newPluginNew(c))
	lock := newPluginLock(f)
	for _, sub := range []*cobra.Command{list, show} {
		f.addFlags(sub)
		sub.Flags().StringVar(&f.output, "output", "plain", "`format`: plain or json")
		completeValues(sub, "output", []string{"plain", "json"})
	}
	for _, sub := range []*cobra.Command{list, show, lock} {
		sub.Flags().StringVar(&f.plugins, "plugins", "", "`directory` of plugins, instead of the job file's")
		addStartTimeout(sub, &f.startTimeout)
		cmd.AddCommand(sub)
	}
	cmd.AddCommand(newPluginTest(c), newPluginDocs(c))
	return cmd
}

// open loads the catalog that the flags and arguments ask for.
func (f *pluginFlags) open(cmd *cobra.Command, args []string) (*catalog.Catalog, error) {
	if f.output != "plain" && f.output != "json" && f.output != "" {
		return nil, usage(cmd, fmt.Errorf("output %q is not one of plain, json", f.output))
	}
	startTimeout, err := duration(f.startTimeout)
	if err != nil {
		return nil, usage(cmd, fmt.Errorf("--start-timeout: %w", err))
	}
	f.cwd, err = os.Getwd()
	if err != nil {
		return nil, err
	}
	how := loading{startTimeout: startTimeout, trust: f.trust, relock: f.relock}
	signals := watchSignals(nil)
	defer signals.end()
	if len(args) == 0 {
		return load(signals.ctx, f.plugins, how, silent{})
	}
	job, err := jobfile.Read(args[0])
	if job == nil || job.Plugins.Name == "" && err != nil {
		return nil, err
	}
	return openJob(signals.ctx, job, f.plugins, how, stderr{f.command})
}

// silent is for where bad plugins are shown anyway.
type silent struct{}

func (silent) Notice(string) {}

// stderr tells what is being built.
type stderr struct{ *command }

func (s stderr) Notice(text string) { fmt.Fprintln(s.errOut, terminal.Clean(text)) }

// pluginRow is a row of plugin list in JSON.
type pluginRow struct {
	Name    string   `json:"name"` // "builtin" for the built-in kinds
	Version string   `json:"version"`
	Kinds   []string `json:"kinds"`
	File    string   `json:"file"`  // "" for the built-in kinds
	Error   *string  `json:"error"` // why it cannot be used, or null
}

func (f *pluginFlags) list(cmd *cobra.Command, args []string) error {
	c, err := f.open(cmd, args)
	if err != nil {
		return err
	}
	rows := []pluginRow{builtinRow(c)}
	for _, p := range c.Plugins() {
		row := pluginRow{Name: p.Name, Version: p.Version, Kinds: []string{}, File: f.nearby(p.Path)}
		for _, k := range p.Kinds {
			row.Kinds = append(row.Kinds, k.Name)
		}
		if p.Err != nil {
			reason := p.Err.Error()
			row.Error = &reason
		}
		rows = append(rows, row)
	}
	if f.output == "json" {
		return f.command.printJSON(rows)
	}
	table := [][]string{{"NAME", "VERSION", "KINDS", "FILE", "PROBLEM"}}
	for _, r := range rows {
		reason := ""
		if r.Error != nil {
			reason = *r.Error
		}
		cells := []string{r.Name, cmp.Or(r.Version, "-"), cmp.Or(strings.Join(r.Kinds, ", "), "-"), cmp.Or(r.File, "-"), reason}
		for i := range cells {
			cells[i] = terminal.Clean(cells[i])
		}
		table = append(table, cells)
	}
	return f.command.print(terminal.Table(table))
}

// builtinRow is the row of the built-in kinds.
func builtinRow(c *catalog.Catalog) pluginRow {
	row := pluginRow{Name: catalog.BuiltIn, Kinds: []string{}}
	for _, k := range c.Kinds() {
		if k.IsBuiltIn() {
			row.Kinds = append(row.Kinds, k.Name)
		}
	}
	return row
}

// nearby is a path relative to the user's directory if that is shorter.
func (f *pluginFlags) nearby(path string) string {
	if short, err := filepath.Rel(f.cwd, path); err == nil && len(short) < len(path) {
		return short
	}
	return path
}

// kindRow is a kind of plugin show in JSON.
type kindRow struct {
	Kind         string          `json:"kind"`
	Plugin       string          `json:"plugin"` // "" for a built-in kind
	Version      string          `json:"version"`
	File         string          `json:"file"`
	Description  string          `json:"description"`
	ConfigSchema json.RawMessage `json:"config_schema"`
}

func (f *pluginFlags) show(cmd *cobra.Command, args []string, name string) error {
	c, err := f.open(cmd, args)
	if err != nil {
		return err
	}
	kinds, err := find(c, name)
	if err != nil {
		return err
	}
	var rows []kindRow
	for _, k := range kinds {
		row := kindRow{Kind: k.Name, Plugin: k.Plugin, Description: k.Description, ConfigSchema: k.Schema}
		if p := pluginOf(c, k); p != nil {
			row.Version, row.File = p.Version, f.nearby(p.Path)
		}
		rows = append(rows, row)
	}
	if f.output == "json" {
		return f.command.printJSON(rows)
	}
	var lines []string
	for i, row := range rows {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, row.describe()...)
	}
	return f.command.print(lines)
}

// find is the kind of that name, or all kinds of the plugin of that name.
func find(c *catalog.Catalog, name string) ([]catalog.Kind, error) {
	k, err := c.Lookup(name)
	if err == nil {
		return []catalog.Kind{k}, nil
	}
	if _, ok := errors.AsType[*catalog.UnknownKindError](err); !ok {
		return nil, err
	}
	for _, p := range c.Plugins() {
		switch {
		case p.Name != name && filepath.Base(p.Path) != name:
		case p.Err != nil:
			return nil, fmt.Errorf("plugin %q cannot be used: %w", p.Name, p.Err)
		default:
			return p.Kinds, nil
		}
	}
	return nil, fmt.Errorf("no kind and no plugin is called %q: %w", name, err)
}

// pluginOf is the plugin that offers a kind, or nil for a built-in kind.
func pluginOf(c *catalog.Catalog, k catalog.Kind) *catalog.Plugin {
	plugins := c.Plugins()
	i := slices.IndexFunc(plugins, func(p catalog.Plugin) bool { return p.Name == k.Plugin })
	if k.IsBuiltIn() || i < 0 {
		return nil
	}
	return &plugins[i]
}

// describe is the kind for people.
func (r kindRow) describe() []string {
	title := fmt.Sprintf("kind %s, built in", r.Kind)
	run := "hostelry run " + r.Kind
	if r.Plugin != "" {
		title = fmt.Sprintf("kind %s of plugin %s %s, %s", r.Kind, r.Plugin, r.Version, r.File)
		run = fmt.Sprintf("hostelry run --plugins %s %s", shell.Quote(filepath.Dir(r.File)), r.Kind)
	}
	lines := []string{title}
	if r.Description != "" {
		lines = append(lines, "  "+r.Description)
	}
	all := fields.Of(r.ConfigSchema)
	for _, pair := range fields.Settings(all) {
		run += shell.Set(pair[0], pair[1])
	}
	lines = append(lines, "", "config:")
	for _, f := range all {
		lines = append(lines, f.Lines("  ")...)
	}
	if len(all) == 0 {
		lines = append(lines, "  none")
	}
	lines = append(lines, "", "run it:", "  "+run)
	for i := range lines {
		lines[i] = terminal.Clean(lines[i])
	}
	return lines
}

func (c *command) print(lines []string) error {
	_, err := fmt.Fprintln(c.out, strings.Join(lines, "\n"))
	return err
}

func (c *command) printJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
