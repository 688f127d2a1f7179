package plugintest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hostelry-run/hostelry/shared/conformance"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Option is an option of [Run].
type Option func(*conformance.Options) error

// WithConfig gives the config that the kind's tasks are run with: what encodes as the
// JSON object that a job file would give. Without it, Run makes one of the examples and
// defaults in the kind's schema, and skips what needs a config if there are not enough
// of them. One with which a task runs until it is stopped is checked best.
func WithConfig(config any) Option {
	return func(o *conformance.Options) (err error) {
		if o.Config, err = encode(config); err != nil {
			err = fmt.Errorf("the config does not encode as JSON: %w", err)
		}
		return err
	}
}

// Run checks that tasks of the kind, served as a plugin serves them, keep the rules of
// shared/proto/PROTOCOL.md: each check is a subtest. They are those of `hostelry plugin
// test`, but for the ones that need a process of the plugin's own, and run in this
// process, where coverage, the race detector and a debugger see them. They take real
// time, a second or two: Run does not work in a synctest bubble.
//
//	func TestConforms(t *testing.T) {
//		plugintest.Run(t, digestKind(), plugintest.WithConfig(config{Root: "testdata"}))
//	}
func Run(t *testing.T, kind task.Kind, opts ...Option) {
	t.Helper()
	if err := kind.Validate(); err != nil {
		t.Fatalf("plugintest: %v", err)
	}
	options := conformance.Options{Kind: kind.Name()}
	for _, opt := range opts {
		if err := opt(&options); err != nil {
			t.Fatalf("plugintest: %v", err)
		}
	}
	suite, err := conformance.New(conformance.Local(kind), options)
	if err != nil {
		t.Fatalf("plugintest: %v", err)
	}
	defer suite.Close()
	for _, check := range conformance.Checks() {
		if check.Process {
			continue
		}
		t.Run(check.Name, func(t *testing.T) {
			report(t, suite.Run(t.Context(), check, kind.Name()))
		})
	}
}

func report(t *testing.T, r conformance.Result) {
	t.Helper()
	switch r.Verdict {
	case conformance.Fail:
		t.Errorf("%s\nrule %s: %q", r.Reason, r.Check.Rule, r.Check.Sentence)
	case conformance.NotApplicable:
		t.Skip("not applicable: " + r.Reason)
	case conformance.Pass:
	}
}

// encode is v as JSON; nothing for nil.
func encode(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}
