package jobfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// inProcess reports whether a mode is one of the host's own process, in which a
// plugin's kind does not run.
func inProcess(mode string) bool {
	return mode == host.Goroutine.String() || mode == host.Async.String()
}

// Check checks each task against the catalog: its kind, whether that runs in the
// task's mode, and its config, in which it puts the secrets that the file names by
// env and file. mode is what the user's --mode says, or "". The
// error is [Problems].
func (j *Job) Check(c *catalog.Catalog, mode string) error {
	var problems Problems
	for i, t := range j.Tasks {
		if t.Kind == "" {
			continue // a problem already
		}
		kind, err := c.Lookup(t.Kind)
		if err != nil {
			problems.add(t.kindAt, "%s", err)
			continue
		}
		if !kind.IsBuiltIn() {
			j.checkPlugin(t, kind, mode, &problems)
		}
		fallback := host.Process
		if kind.IsBuiltIn() {
			fallback = host.Goroutine
		}
		t.checkMode(cmp.Or(t.Mode, mode, j.Mode, fallback.String()), &problems)
		t.checkAttached(kind, &problems)
		j.Tasks[i].Config = t.checkConfig(kind, j.Dir, &problems)
	}
	return problems.sorted(j.File).Err()
}

// checkPlugin refuses a plugin's kind in a mode of the host's own process.
func (j *Job) checkPlugin(t Task, kind catalog.Kind, flag string, problems *Problems) {
	const why = "kind %q is offered by plugin %q and runs in process mode only, "
	switch {
	case inProcess(t.Mode):
		problems.add(t.modeAt, why+"not in %s mode", kind.Name, kind.Plugin, t.Mode)
	case t.Mode != "":
	case inProcess(flag):
		problems.add(t.kindAt, why+`and --mode is %s: say "mode: process" here`, kind.Name, kind.Plugin, flag)
	case flag == "" && inProcess(j.Mode):
		problems.add(t.kindAt, why+`and the file's mode is %s: say "mode: process" here`, kind.Name, kind.Plugin, j.Mode)
	}
}

// checkConfig compares the task's config with its kind's schema. It returns the
// config with its secrets.
func (t Task) checkConfig(kind catalog.Kind, dir string, problems *Problems) json.RawMessage {
	config, n, at := t.Config, &node{at: t.idAt}, t.idAt
	if t.config != nil {
		if t.config.value.form != object {
			return config // a problem already
		}
		n, at = t.config.value, t.config.at
		fetchSecrets(n, kind, dir, problems)
		config = n.json()
	}
	completed, err := kind.Complete(config)
	var bad *catalog.ConfigError
	switch {
	case errors.As(err, &bad):
		problems.addAll(n, at, TellSources(config, bad.Problems))
	case err != nil:
		problems.add(at, "%s", fmt.Sprintf("config of kind %q: %v", kind.Name, err))
	case kind.IsBuiltIn(): // its constructor has no effect, and knows more than a schema can say
		if _, err := kind.Local().New(completed); err != nil {
			problems.add(at, "%s", err)
		}
	}
	return config
}
