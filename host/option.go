package host

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

// config is what the options of a runner set.
type config struct {
	mode         Mode
	policy       Policy
	grace        time.Duration
	startTimeout time.Duration
	deadline     time.Duration // 0: none
	catalog      *catalog.Catalog
	kinds        []task.Kind
	logger       *slog.Logger // the run's
	runID        string
	settled      settled
	usual        *terms // of a task whose Spec asks for none
	tls          bool
}

func newConfig(opts []Option) (*config, error) {
	c := &config{
		mode:         Goroutine,
		grace:        5 * time.Second,
		startTimeout: 10 * time.Second,
		logger:       slog.Default(),
		runID:        rand.Text()[:8],
		settled:      settled{none: json.RawMessage("{}")},
	}
	var errs []error
	for _, opt := range opts {
		if opt == nil {
			errs = append(errs, errors.New("an option is nil"))
			continue
		}
		errs = append(errs, opt(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.catalog == nil {
		c.catalog = &catalog.Catalog{}
	}
	c.logger = guard(c.logger).With("run", c.runID) // once: its code may run under no lock
	var err error
	if c.usual, err = new(Spec).terms(); err != nil {
		return nil, err
	}
	c.catalog, err = c.catalog.With(c.kinds...)
	return c, err
}

// Option is an option of [New].
type Option func(*config) error

// WithMode sets the mode of tasks that do not choose one. The default is Goroutine.
func WithMode(m Mode) Option {
	return func(c *config) error {
		if m == 0 || int(m) >= len(modeNames) {
			_, err := ParseMode(m.String())
			return err
		}
		c.mode = m
		return nil
	}
}

// WithPolicy sets what the runner does when a task fails. The default is Propagate.
func WithPolicy(p Policy) Option {
	return func(c *config) error {
		if int(p) >= len(policyNames) {
			_, err := ParsePolicy(p.String())
			return err
		}
		c.policy = p
		return nil
	}
}

// WithGrace sets how long a stopping task may take before the runner insists.
// It must be positive. The default is 5 seconds.
func WithGrace(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("grace %v is not positive", d)
		}
		c.grace = d
		return nil
	}
}

// WithStartTimeout sets how long a plugin may take from its launch until its task
// runs, unless [Spec.StartTimeout] does. It must be positive. The default is 10
// seconds.
func WithStartTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("start timeout %v is not positive", d)
		}
		c.startTimeout = d
		return nil
	}
}

// WithDeadline sets how long the run may take, from Start. Then it is stopped, as
// by Stop, and its result is [ErrDeadline], joined with the failures of its tasks. It must be
// positive. The default is no deadline.
func WithDeadline(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("deadline %v is not positive", d)
		}
		c.deadline = d
		return nil
	}
}

// WithCatalog sets the kinds that the runner's tasks may have. Runners may share
// a catalog. The default is an empty one.
func WithCatalog(cat *catalog.Catalog) Option {
	return func(c *config) error {
		if cat == nil {
			return errors.New("the catalog is nil")
		}
		c.catalog = cat
		return nil
	}
}

// WithKinds adds kinds of this program to those of the runner's catalog, for this
// runner alone.
func WithKinds(kinds ...task.Kind) Option {
	return func(c *config) error {
		c.kinds = append(c.kinds, kinds...)
		return nil
	}
}

// WithLogger sets where the logs of the tasks and of the runner go; run, task, attempt
// and plugin are added. The default is slog.Default(). Records may come from many
// goroutines at once; a slow handler slows the task that logs. The record of a handler
// that panics is lost, and the first panic is told on stderr.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("the logger is nil: give slog.New(slog.DiscardHandler) for silence")
		}
		c.logger = l
		return nil
	}
}

// WithTLS has runner and plugins prove themselves by certificates, made for each launch, on
// Linux too, where by default each asks the system who is at the other end: it is then
// done besides. A launch takes longer, for two keys are made. Plugins
// written with package plugin can do it; another may not be able to, and then does not
// start. It is not for plugins that were attached.
func WithTLS() Option {
	return func(c *config) error {
		c.tls = true
		return nil
	}
}

// WithRunID names the run, in logs and to plugins. The default is a random text
// of 8 letters and digits.
func WithRunID(id string) Option {
	return func(c *config) error {
		if !validID(id) {
			return fmt.Errorf("run id %q: %s", id, idRule)
		}
		c.runID = id
		return nil
	}
}
