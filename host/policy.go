package host

import "fmt"

// Policy is what a runner does when a task fails.
type Policy uint8

const (
	// Propagate hands the first failure to the caller: [Runner.Wait] returns it
	// at once, the other tasks run on, and the caller decides. [Runner.Run],
	// which must not leave anything behind, then stops them. It is the default.
	Propagate Policy = iota
	// StopAll stops the other tasks at the first failure. The result joins every
	// error.
	StopAll
	// LogOnly logs and counts failures, and lets the other tasks run on. The
	// result joins every error.
	LogOnly
)

var policyNames = [...]string{Propagate: "propagate", StopAll: "stop-all", LogOnly: "log-only"}

// Policies returns all policies.
func Policies() []Policy { return []Policy{Propagate, StopAll, LogOnly} }

// ParsePolicy is the inverse of String.
func ParsePolicy(name string) (Policy, error) { return parse(name, "policy", Policies()) }

// String is "propagate", "stop-all" or "log-only".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// MarshalText writes String.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
