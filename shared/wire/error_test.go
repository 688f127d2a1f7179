package wire_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

// TestErrorsCross: what errors.Is, errors.As and IsPermanent find in a plugin,
// they find in the host.
func TestErrorsCross(t *testing.T) {
	for _, sentinel := range []error{
		task.ErrStopped, task.ErrHostGone, task.ErrUnknownKind, task.ErrBadConfig, task.ErrBadResult, task.ErrBadCheckpoint,
		context.Canceled, context.DeadlineExceeded,
	} {
		err := fmt.Errorf("while at it: %w", errors.Join(errBoom, task.Permanent(sentinel)))
		end := serve(t, kind(func(context.Context) (any, error) { return 7, err })).run(t, &host{}, "")
		if !errors.Is(end.Err, sentinel) || !task.IsPermanent(end.Err) || end.Err.Error() != err.Error() {
			t.Errorf("%v arrives as %v", err, end.Err)
		}
		clean := sentinel == task.ErrStopped || sentinel == task.ErrHostGone || sentinel == context.Canceled
		if end.Clean != clean || string(end.Result) != "7" {
			t.Errorf("%v: it ended with %+v", sentinel, end)
		}
	}
}

func TestPanicsCross(t *testing.T) {
	for want, run := range map[string]func(context.Context) (any, error){
		"boom":                  func(context.Context) (any, error) { panic(errBoom) },
		"a\uFFFDb":              func(context.Context) (any, error) { panic("a\xffb") },
		"runtime.Goexit called": func(context.Context) (any, error) { runtime.Goexit(); return nil, nil },
		"in MarshalJSON":        func(context.Context) (any, error) { return panics{}, nil },
		"in As":                 func(context.Context) (any, error) { return nil, panics{} },
	} {
		end := serve(t, kind(run)).run(t, &host{}, "")
		if end.Panic == nil || end.Panic.Value != want || !strings.Contains(end.Panic.Stack, "goroutine") || end.Clean || !end.Started {
			t.Errorf("a panic with %q arrives as %+v", want, end)
		}
	}
}

// panics is a result that panics when it is encoded, and an error that panics
// when it is asked what it is.
type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }
func (panics) Error() string                { return "panics" }
func (panics) As(any) bool                  { panic("in As") }
