package task_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestPermanent(t *testing.T) {
	base := errors.New("no credential")
	permanent := task.Permanent(base)
	if permanent.Error() != base.Error() || !errors.Is(permanent, base) {
		t.Errorf("Permanent changes the error to %v", permanent)
	}
	if task.Permanent(nil) != nil {
		t.Error("Permanent(nil) is not nil")
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nil":                 {nil, false},
		"plain":               {base, false},
		"marked":              {permanent, true},
		"marked twice":        {task.Permanent(permanent), true},
		"wrapped":             {fmt.Errorf("login: %w", permanent), true},
		"wrapped deep":        {fmt.Errorf("a: %w", fmt.Errorf("b: %w", fmt.Errorf("c: %w", permanent))), true},
		"text only":           {fmt.Errorf("login: %v", permanent), false},
		"joined, first":       {errors.Join(permanent, base), true},
		"joined, last":        {errors.Join(base, base, permanent), true},
		"joined, none":        {errors.Join(base, base), false},
		"joined, deep":        {fmt.Errorf("a: %w", errors.Join(base, fmt.Errorf("b: %w and %w", base, permanent))), true},
		"joined, before nil":  {unwrapsTo{nil, permanent}, true},
		"says no, wraps yes":  {opinion{false, permanent}, true},
		"says yes, wraps no":  {opinion{true, base}, true},
		"says no, wraps none": {opinion{false, nil}, false},
	} {
		if got := task.IsPermanent(c.err); got != c.want {
			t.Errorf("%s: IsPermanent = %v", name, got)
		}
	}
}

// unwrapsTo wraps several errors, some of them nil.
type unwrapsTo []error

func (unwrapsTo) Error() string     { return "several" }
func (e unwrapsTo) Unwrap() []error { return e }

// opinion is an error of someone else's type that speaks for itself.
type opinion struct {
	permanent bool
	err       error
}

func (o opinion) Error() string   { return "an opinion" }
func (o opinion) Permanent() bool { return o.permanent }
func (o opinion) Unwrap() error   { return o.err }
