package host

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/readiness"
)

// Readiness is how the host finds out that a task is up. With one of the checks,
// the host finds out by itself, for programs that know nothing of it, and what the
// task says of its readiness counts for nothing.
type Readiness struct {
	// Log is a regular expression, in Go's syntax, that a line of the task's log
	// matches when it is up.
	Log string
	// TCP is an address, host:port, that takes connections when the task is up.
	TCP string
	// HTTP is a URL that answers a GET with a status of 200 to 399 when the task is up.
	HTTP string
	// Exec is a command that exits with status 0 when the task is up. It runs on the
	// host, again and again, in the host's working directory.
	Exec []string
	// Timeout is how long the task may run before it is up. Then it is stopped, has
	// timed out, and [Spec.Restart] holds. 0 is for ever.
	Timeout time.Duration
}

// readyCheck is a Readiness at work.
type readyCheck struct {
	check   readiness.Check
	timeout time.Duration
}

// checks reports whether the host finds out by itself.
func (c readyCheck) checks() bool { return c.check.Log != nil || c.polls() }

// polls reports whether it has to ask for it.
func (c readyCheck) polls() bool {
	return c.check.TCP != "" || c.check.HTTP != "" || len(c.check.Exec) > 0
}

func (r Readiness) isZero() bool {
	return r.Log == "" && r.TCP == "" && r.HTTP == "" && r.Exec == nil && r.Timeout == 0
}

// Validate refuses what makes no sense. Add calls it; a reader of job files may do
// so before.
func (r Readiness) Validate() error {
	_, err := r.compile()
	return err
}

func (r Readiness) compile() (readyCheck, error) {
	c := readyCheck{check: readiness.Check{TCP: r.TCP, HTTP: r.HTTP, Exec: r.Exec}, timeout: r.Timeout}
	var errs []error
	if r.Log != "" {
		pattern, err := regexp.Compile(r.Log)
		if err != nil {
			errs = append(errs, fmt.Errorf("ready: log: %w", err))
		}
		c.check.Log = pattern
	}
	if r.Timeout < 0 {
		errs = append(errs, fmt.Errorf("ready: timeout %v is negative", r.Timeout))
	}
	if err := c.check.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("ready: %w", err))
	}
	return c, errors.Join(errs...)
}
