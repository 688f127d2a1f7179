package host

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// Restart says whether and when a task that has ended is begun again. The zero
// Restart is never.
//
// Each attempt gets the newest checkpoint of those before it. A failure that no
// restart can mend, such as one marked with task.Permanent, a bad config or a
// plugin that is no program, is not retried. A task whose restarts are spent has
// failed, with its last failure.
type Restart struct {
	// When is on which ends. The zero value is RestartNever.
	When RestartWhen
	// Max is how many restarts there may be within the window. 0 is 5, and
	// [Unlimited] does not count.
	Max int
	// Within is the window; 0 is a minute. An attempt that ran for so long was
	// healthy: after it, the backoff begins anew.
	Within time.Duration
	// The wait before a restart is random, between nothing and a limit: Initial
	// before the first (0 is 100 ms), Factor times that before the next (0 is 2;
	// at least 1), and so on up to Cap (0 is 30 s).
	//
	// With these defaults a task that cannot run has failed for good within a few
	// seconds, as with systemd (5 in 10 s), and one that fails every quarter of a
	// minute runs on for ever, which OTP (1 in 5 s) also allows; the waits are
	// shorter than those of Kubernetes (10 s to 5 min), because to start a process
	// is cheaper than to place a container.
	Initial time.Duration
	Factor  float64
	Cap     time.Duration
	// Overlap allows a new attempt beside one that was abandoned, whose code still
	// runs. Without it a task that was abandoned has ended.
	Overlap bool
}

// Unlimited as Restart.Max does not count restarts.
const Unlimited = -1

// RestartWhen is on which ends a task is begun again.
type RestartWhen uint8

// The values of RestartWhen. A task that ends because it was asked to is never
// begun again.
const (
	RestartNever     RestartWhen = iota // the first end is the task's
	RestartOnFailure                    // when it fails
	RestartAlways                       // when it fails or succeeds
)

var restartNames = [...]string{RestartNever: "never", RestartOnFailure: "on-failure", RestartAlways: "always"}

// ParseRestartWhen is the inverse of String.
func ParseRestartWhen(name string) (RestartWhen, error) {
	return parse(name, "restart", []RestartWhen{RestartNever, RestartOnFailure, RestartAlways})
}

// String is "never", "on-failure" or "always".
func (w RestartWhen) String() string {
	if int(w) < len(restartNames) {
		return restartNames[w]
	}
	return fmt.Sprintf("RestartWhen(%d)", uint8(w))
}

// MarshalText writes String.
func (w RestartWhen) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Validate refuses what makes no sense. Add calls it; a reader of job files may do
// so before.
func (p Restart) Validate() error {
	var errs []error
	if int(p.When) >= len(restartNames) {
		_, err := ParseRestartWhen(p.When.String())
		errs = append(errs, err)
	}
	if p.Max < Unlimited {
		errs = append(errs, fmt.Errorf("restart: max %d: give at least 1, or %d for no limit", p.Max, Unlimited))
	}
	for name, d := range map[string]time.Duration{"within": p.Within, "initial": p.Initial, "cap": p.Cap} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("restart: %s %v is negative", name, d))
		}
	}
	if p.Factor != 0 && !(p.Factor >= 1 && p.Factor <= 1e6) {
		errs = append(errs, fmt.Errorf("restart: factor %s is not between 1 and 1000000",
			strconv.FormatFloat(p.Factor, 'g', -1, 64)))
	}
	if q := p.withDefaults(); q.Cap < q.Initial {
		errs = append(errs, fmt.Errorf("restart: cap %v is less than initial %v", q.Cap, q.Initial))
	}
	return errors.Join(errs...)
}

func (p Restart) withDefaults() Restart {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	if p.Max == 0 {
		p.Max = 5
	}
	set(&p.Within, time.Minute)
	set(&p.Initial, 100*time.Millisecond)
	if p.Factor == 0 {
		p.Factor = 2
	}
	if p.Cap == 0 {
		p.Cap = max(30*time.Second, p.Initial)
	}
	return p
}

// again reports whether an attempt that ended so is followed by another.
func (p Restart) again(failed bool) bool {
	return p.When == RestartAlways || p.When == RestartOnFailure && failed
}

// budget counts the restarts of one task.
type budget struct {
	spent  []time.Time // within the window
	streak int         // restarts since the last healthy stretch
}

// left reports whether there is one left.
func (b *budget) left(p Restart) bool {
	if p.Max == Unlimited {
		return true
	}
	for len(b.spent) > 0 && time.Since(b.spent[0]) >= p.Within {
		b.spent = b.spent[1:]
	}
	return len(b.spent) < p.Max
}

// spend takes one restart off the budget and says how long to wait before it: full
// jitter over an exponential backoff, as in Marc Brooker, "Exponential Backoff And
// Jitter", AWS Architecture Blog, 2015. running is when the last attempt began to
// run, or zero.
func (b *budget) spend(p Restart, running time.Time) time.Duration {
	if !running.IsZero() && time.Since(running) >= p.Within {
		b.streak = 0
	}
	if p.Max != Unlimited {
		b.spent = append(b.spent, time.Now())
	}
	limit := min(float64(p.Cap), float64(p.Initial)*math.Pow(p.Factor, float64(b.streak)))
	b.streak++
	return time.Duration(rand.Float64() * limit) //nolint:gosec // it spreads load, it keeps no secret
}
