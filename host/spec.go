package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/hostelry-run/hostelry/host/catalog"
)

// Spec says what task to run.
type Spec struct {
	// ID names the task in its run: 1 to 64 letters, digits, ".", "_" and "-",
	// beginning with a letter or digit.
	ID string
	// Kind is a kind of the runner's catalog: its name, or PLUGIN/NAME.
	Kind string
	// Config encodes to a JSON object that fits the kind's schema: a struct, a
	// map, a json.RawMessage. nil is {}.
	Config any
	// Mode is where the task runs. The zero Mode is the runner's.
	Mode Mode
	// Env is for process mode; in the others a task shares the host's environment,
	// and Env must be empty.
	Env Env
	// Limits are for process mode, and else must be zero.
	Limits Limits
}

var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// job is a Spec that was checked.
type job struct {
	id     string
	kind   catalog.Kind
	config json.RawMessage
	mode   Mode
	env    Env
	limits Limits
}

// check finds out whether the task can run here, before anything of it does.
func (s Spec) check(c *config) (job, error) {
	j := job{id: s.ID, mode: s.Mode, env: s.Env.clone(), limits: s.Limits}
	if j.mode == 0 {
		j.mode = c.mode
	}
	if !validID.MatchString(s.ID) {
		return j, fmt.Errorf("%w %q: use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit", ErrBadID, s.ID)
	}
	if int(j.mode) >= len(modeNames) {
		_, err := ParseMode(j.mode.String())
		return j, err
	}
	var err error
	if j.kind, err = c.catalog.Lookup(s.Kind); err != nil {
		return j, err
	}
	if !j.kind.IsBuiltIn() && j.mode != Process {
		return j, fmt.Errorf("%w: kind %q of plugin %q cannot run in %v mode", ErrNeedsProcess, j.kind.Name, j.kind.Plugin, j.mode)
	}
	if j.mode != Process && !s.Env.isZero() {
		return j, fmt.Errorf("an environment of its own is for process mode: in %v mode a task shares the host's", j.mode)
	}
	if j.mode != Process && s.Limits != (Limits{}) {
		return j, fmt.Errorf("limits are for process mode: in %v mode a task shares the host's process", j.mode)
	}
	if err = errors.Join(s.Env.Validate(), s.Limits.Validate()); err != nil {
		return j, err
	}
	if j.config, err = encodeConfig(s.Config); err != nil {
		return j, err
	}
	return j, j.kind.Validate(j.config)
}

func encodeConfig(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("{}"), nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("the config does not encode as JSON: %w", err)
	}
	return raw, nil
}
