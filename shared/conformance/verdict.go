package conformance

import (
	"fmt"
	"time"
)

// Verdict is what came of a check.
type Verdict int

// The verdicts.
const (
	// Pass: the plugin does what the check's sentence says.
	Pass Verdict = iota + 1
	// Fail: it does not.
	Fail
	// NotApplicable: it could not be seen whether it does, which says nothing against
	// the plugin.
	NotApplicable
)

// String is "pass", "fail" or "not-applicable".
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	case NotApplicable:
		return "not-applicable"
	default:
		return fmt.Sprintf("Verdict(%d)", int(v))
	}
}

// Result is what came of one check of the plugin, or of one of its kinds.
type Result struct {
	Check Check
	// Kind is the kind that was checked, or "" if Check.EachKind is false.
	Kind    string
	Verdict Verdict
	// Reason says in one line why the verdict is not Pass.
	Reason string
	// Took is how long the check took, preparations that it shares with later ones
	// included.
	Took time.Duration
}

// outcome is what a check returns.
type outcome struct {
	verdict Verdict
	reason  string
}

func passed() outcome { return outcome{verdict: Pass} }

func failed(format string, args ...any) outcome {
	return outcome{Fail, fmt.Sprintf(format, args...)}
}

func notApplicable(format string, args ...any) outcome {
	return outcome{NotApplicable, fmt.Sprintf(format, args...)}
}
