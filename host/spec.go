package host

import (
	"errors"
	"fmt"
	"time"

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
	// map, a json.RawMessage. nil is {}. What it leaves out has the schema's default.
	Config any
	// Mode is where the task runs. The zero Mode is the runner's.
	Mode Mode
	// Env is for process mode; in the others a task shares the host's environment,
	// and Env must be empty. So it must for a plugin that was attached.
	Env Env
	// Limits are for process mode, and else must be zero; likewise for a plugin that
	// was attached.
	Limits Limits
	// Share is who runs in the task's plugin process; MaxTasks, with SharePlugin, is how
	// many attempts do so at once at most, before another process is started: 0 is any
	// number. Warm is how many processes like the task's are kept waiting, so that
	// an attempt need not wait for a launch: from the first attempt of such a task to the
	// end of the run; the largest Warm of tasks with the same processes counts, and
	// none is above 1000. They
	// are for process mode, and else must be zero; likewise for a plugin that was
	// attached.
	Share    Share
	MaxTasks int
	Warm     int

	// Needs are other tasks' ids, or names of [Replicas], and what must hold of each
	// before an attempt begins.
	Needs map[string]Need
	// Restart is whether the task is begun again when it ends.
	Restart Restart
	// Ready is how the host finds out that the task is up. The zero Readiness leaves
	// it to the task to say so, by task.Ready, whenever it likes.
	Ready Readiness
	// Watchdog is how long a running task may show no sign of life: report, be
	// ready, send a heartbeat or a checkpoint, log. One that is silent for longer is
	// unresponsive; its process is killed, or it is told to stop and abandoned at
	// the end of the grace, and then Restart holds. A host that stood still itself,
	// as after Ctrl-Z and fg, first gives half of it again. 0 is for ever.
	Watchdog time.Duration
	// Timeout is how long an attempt may take, from its launch. Then it is stopped,
	// has timed out, and Restart holds. 0 is for ever.
	Timeout time.Duration
	// StartTimeout is how long an attempt may take until its task runs. 0 is the
	// runner's in process mode, and for ever in the others, where only a
	// constructor can take its time.
	StartTimeout time.Duration
	// Isolate is after how many panics in goroutine or async mode the next attempts
	// are in process mode, for a kind of this program. 0 is never.
	Isolate int
	// Group is the name of the [Group] that the task is in, or "" for none.
	Group string
}

// idRule is what makes an id one.
const idRule = "use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit"

// validID reports whether an id is one. It is asked of each task: a regular
// expression would take longer than to begin its goroutine.
func validID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return 0 < len(id) && len(id) <= 64
}

// job is a Spec that was checked. It is final: a Handle and its attempts share it.
type job struct {
	id    string
	mode  Mode
	needs []dependency
	group string
	*settings
	*terms
}

// terms are what a Spec may ask for besides, and most do not: those share one value.
type terms struct {
	env    Env
	limits Limits
	bounds bounds // how the limits are enforced
	seats  seating

	restart      Restart
	ready        readyCheck
	watchdog     time.Duration
	timeout      time.Duration
	startTimeout time.Duration
	isolate      int
}

// check finds out whether the task can run here, before anything of it does.
func (s *Spec) check(c *config) (job, error) {
	j := job{id: s.ID, mode: s.Mode, group: s.Group, terms: c.usual}
	if j.mode == 0 {
		j.mode = c.mode
	}
	if !validID(s.ID) {
		return j, fmt.Errorf("%w %q: %s", ErrBadID, s.ID, idRule)
	}
	if int(j.mode) >= len(modeNames) {
		_, err := ParseMode(j.mode.String())
		return j, err
	}
	kind, err := c.catalog.Find(s.Kind)
	if err != nil {
		return j, err
	}
	if err := s.checkPlace(j.mode, kind); err != nil {
		return j, err
	}
	j.needs, err = dependencies(s.Needs)
	if !s.isUsual() {
		var bad, unseated error
		j.terms, bad = s.terms()
		j.seats, unseated = s.seating(j.mode, kind)
		err = errors.Join(bad, err, unseated)
	}
	if err != nil {
		return j, err
	}
	given, err := c.settled.encode(s.Config)
	if err != nil {
		return j, err
	}
	if j.settings, err = c.settled.settle(kind, given); err != nil || s.isUsual() {
		return j, err
	}
	j.bounds, err = s.Limits.prepare()
	return j, err
}

// checkPlace refuses what is not for the mode, or for a process that the host did not start.
func (s *Spec) checkPlace(m Mode, kind *catalog.Kind) error {
	switch at := kind.Address(); {
	case m != Process && !kind.IsBuiltIn():
		return fmt.Errorf("%w: kind %q of plugin %q cannot run in %v mode", ErrNeedsProcess, kind.Name, kind.Plugin, m)
	case m != Process && !s.Env.isZero():
		return fmt.Errorf("an environment of its own is for process mode: in %v mode a task shares the host's", m)
	case m != Process && s.Limits != (Limits{}):
		return fmt.Errorf("limits are for process mode: in %v mode a task shares the host's process", m)
	case at != "" && (!s.Env.isZero() || s.Limits != (Limits{})):
		return fmt.Errorf("plugin %q is attached at %s: an environment and limits are for a process that the host starts", kind.Plugin, at)
	}
	return nil
}

// isUsual reports whether the Spec asks for nothing that is in its terms.
func (s *Spec) isUsual() bool {
	return s.Env.isZero() && s.Limits == (Limits{}) && s.Restart == (Restart{}) && s.Ready.isZero() &&
		s.Watchdog == 0 && s.Timeout == 0 && s.StartTimeout == 0 && s.Isolate == 0 &&
		s.Share == 0 && s.MaxTasks == 0 && s.Warm == 0
}

// terms checks what the Spec asks for besides.
func (s *Spec) terms() (*terms, error) {
	t := &terms{
		env: s.Env.clone(), limits: s.Limits, restart: s.Restart.withDefaults(),
		watchdog: s.Watchdog, timeout: s.Timeout, startTimeout: s.StartTimeout, isolate: s.Isolate,
	}
	errs := []error{s.Env.Validate(), s.Limits.Validate(), s.Restart.Validate()}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"watchdog", s.Watchdog}, {"timeout", s.Timeout}, {"start timeout", s.StartTimeout}} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("%s %v is negative", d.name, d.value))
		}
	}
	if s.Isolate < 0 {
		errs = append(errs, fmt.Errorf("isolate after %d panics: give at least 1", s.Isolate))
	}
	var err error
	t.ready, err = s.Ready.compile()
	return t, errors.Join(append(errs, err)...)
}
