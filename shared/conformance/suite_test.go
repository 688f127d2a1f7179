package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/conformance"
	"github.com/hostelry-run/hostelry/shared/task"
)

// kindOf is a kind of a function, with a config of type C.
func kindOf[C any](run func(context.Context) (any, error)) task.Kind {
	return task.NewKind("test", func(C) (task.Task, error) { return task.Func(run), nil })
}

func untilStopped(ctx context.Context) (any, error) { <-ctx.Done(); return nil, context.Cause(ctx) }

func suiteOf(t *testing.T, k task.Kind, o conformance.Options) *conformance.Suite {
	t.Helper()
	suite, err := conformance.New(conformance.Local(k), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(suite.Close)
	return suite
}

// check runs one check of the kind "test".
func check(t *testing.T, suite *conformance.Suite, name string) conformance.Result {
	t.Helper()
	for _, c := range conformance.Checks() {
		if c.Name == name {
			return suite.Run(t.Context(), c, "test")
		}
	}
	t.Fatalf("there is no check %q", name)
	return conformance.Result{}
}

// quickly are options for tests that have seen enough at once.
func quickly() conformance.Options { return conformance.Options{Watch: time.Millisecond} }

// TestConfig: without one, a config is made of what the schema says, as far as it goes.
func TestConfig(t *testing.T) {
	type inner struct {
		Port int    `json:"port" jsonschema:"example=80"`
		Host string `json:"host"`
	}
	for name, c := range map[string]struct {
		kind task.Kind
		want string // of the reason; "" for a task that runs
	}{
		"nothing to say": {kindOf[struct{}](untilStopped), ""},
		"nothing required": {kindOf[struct {
			A int `json:"a,omitempty"`
		}](untilStopped), ""},
		"a default": {kindOf[struct {
			A string `json:"a,omitempty" jsonschema:"default=x"`
		}](untilStopped), ""},
		"an example": {kindOf[struct {
			A int `json:"a" jsonschema:"example=7"`
		}](untilStopped), ""},
		"an enum": {kindOf[struct {
			A string `json:"a" jsonschema:"enum=x,enum=y"`
		}](untilStopped), ""},
		"an object": {kindOf[struct {
			A struct {
				B int `json:"b,omitempty"`
			} `json:"a"`
		}](untilStopped), ""},
		"no example": {kindOf[struct {
			A string `json:"a"`
		}](untilStopped), "its config needs a, for which the schema has no example: give a config"},
		"no example, nested": {kindOf[struct {
			In inner `json:"in"`
		}](untilStopped), "its config needs in.host, "},
		"no such config": {
			task.NewKind("test", func(struct{}) (task.Task, error) { return nil, errors.New("not today") }),
			`with the config {}, which the schema allows, the task could not be made: bad config for kind "test": not today: give a config`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			suite := suiteOf(t, c.kind, quickly())
			r := check(t, suite, "start")
			if (r.Verdict == conformance.Pass) != (c.want == "") || !strings.Contains(r.Reason, c.want) {
				t.Errorf("the verdict is %v: %s", r.Verdict, r.Reason)
			}
			if r := check(t, suite, "stop-twice"); c.want != "" && (r.Verdict != conformance.NotApplicable || !strings.Contains(r.Reason, "see start")) {
				t.Errorf("the verdict of another check is %v: %s", r.Verdict, r.Reason)
			}
		})
	}
}

// TestGivenConfig that the kind refuses is a failure: nothing was seen.
func TestGivenConfig(t *testing.T) {
	o := quickly()
	o.Config = json.RawMessage(`{"b":1}`)
	r := check(t, suiteOf(t, kindOf[struct{}](untilStopped), o), "start")
	if r.Verdict != conformance.Fail || !strings.Contains(r.Reason, `with the config that was given, the task could not be made: bad config for kind "test": json: unknown field "b"`) {
		t.Errorf("the verdict is %v: %s", r.Verdict, r.Reason)
	}
}

// TestBounded: who hangs gets a verdict, and gets it soon.
func TestBounded(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	const short = 50 * time.Millisecond
	for name, c := range map[string]struct {
		kind    task.Kind
		options conformance.Options
		want    string
	}{
		"start":        {task.NewKind("test", func(struct{}) (task.Task, error) { <-release; return nil, nil }), conformance.Options{StartTimeout: short}, "it said neither started nor finished within the start timeout of 50ms"},
		"stop-running": {kindOf[struct{}](func(context.Context) (any, error) { <-release; return nil, nil }), conformance.Options{Grace: short, Watch: short}, "it still ran 50ms after it was asked to stop"},
	} {
		began := time.Now()
		r := check(t, suiteOf(t, c.kind, c.options), name)
		if r.Verdict != conformance.Fail || !strings.Contains(r.Reason, c.want) {
			t.Errorf("the verdict of %s is %v: %s", name, r.Verdict, r.Reason)
		}
		if took := time.Since(began); took > time.Minute || r.Took > took {
			t.Errorf("%s took %v, it says %v", name, took, r.Took)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []conformance.Options{{Grace: -1}, {Watch: -1}, {StartTimeout: -1}} {
		if _, err := conformance.New(conformance.Local(kindOf[struct{}](untilStopped)), o); err == nil || !strings.Contains(err.Error(), "-1ns is negative") {
			t.Errorf("New with %+v: %v", o, err)
		}
	}
	suite := suiteOf(t, kindOf[struct{}](untilStopped), conformance.Options{Kind: "other"})
	if kinds, err := suite.Kinds(t.Context()); err == nil || err.Error() != `it offers no kind "other": it offers test` {
		t.Errorf("Kinds = %q, %v", kinds, err)
	}
	if got := suite.Plugin(); got != "test 0.0.0" {
		t.Errorf("the plugin is %q", got)
	}
}

// TestNotApplicable: what cannot be done in this process, or of a kind that is not
// there, says nothing against the plugin.
func TestNotApplicable(t *testing.T) {
	suite := suiteOf(t, kindOf[struct{}](untilStopped), quickly())
	for _, c := range conformance.Checks() {
		if c.Process {
			if r := suite.Run(t.Context(), c, "test"); r.Verdict == conformance.Fail {
				t.Errorf("the verdict of %s is %v: %s", c.Name, r.Verdict, r.Reason)
			}
		}
		if c.EachKind {
			if r := suite.Run(t.Context(), c, "other"); r.Verdict != conformance.NotApplicable || r.Reason != `it offers no kind "other"` {
				t.Errorf("the verdict of %s is %v: %s", c.Name, r.Verdict, r.Reason)
			}
		}
	}
}

// TestAllEndsEarly with its ctx, and with who listens.
func TestAllEndsEarly(t *testing.T) {
	suite := suiteOf(t, kindOf[struct{}](untilStopped), quickly())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for range suite.All(ctx, []string{"test"}) {
		if n++; n == 3 {
			cancel()
		}
	}
	for range suite.All(t.Context(), []string{"test"}) {
		n++
		break
	}
	if n != 4 {
		t.Errorf("it made %d checks", n)
	}
}

func TestVerdictString(t *testing.T) {
	for v, want := range map[conformance.Verdict]string{
		conformance.Pass: "pass", conformance.Fail: "fail", conformance.NotApplicable: "not-applicable", 9: "Verdict(9)",
	} {
		if v.String() != want {
			t.Errorf("%d reads %s", int(v), v)
		}
	}
}
