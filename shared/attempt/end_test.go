package attempt_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// marshals is a result that encodes the way that a function says.
type marshals func() ([]byte, error)

func (m marshals) MarshalJSON() ([]byte, error) { return m() }

func TestEnds(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		value  any
		err    error
		result string
		want   error
		clean  bool
	}{
		"nothing":               {nil, nil, "", nil, true},
		"a value":               {map[string]int{"files": 7}, nil, `{"files":7}`, nil, true},
		"an empty text":         {"", nil, `""`, nil, true},
		"a nil pointer":         {(*int)(nil), nil, "", nil, true},
		"a nil slice":           {[]int(nil), nil, "", nil, true},
		"null as JSON":          {json.RawMessage(" null "), nil, "", nil, true},
		"an error":              {nil, boom, "", boom, false},
		"both":                  {7, boom, "7", boom, false},
		"stopped":               {7, task.ErrStopped, "7", task.ErrStopped, true},
		"host gone":             {nil, task.ErrHostGone, "", task.ErrHostGone, true},
		"cancelled":             {nil, context.Canceled, "", context.Canceled, true},
		"a deadline of its own": {nil, context.DeadlineExceeded, "", context.DeadlineExceeded, false},
		"a channel":             {make(chan int), nil, "", task.ErrBadResult, false},
		"not a number":          {math.NaN(), nil, "", task.ErrBadResult, false},
		"a channel and error":   {make(chan int), boom, "", boom, false},
		"half a JSON text":      {json.RawMessage(`{"a":`), nil, "", task.ErrBadResult, false},
		"JSON, not in UTF-8":    {json.RawMessage("\"\xff\""), nil, "", task.ErrBadResult, false},
		"refuses to encode":     {marshals(func() ([]byte, error) { return nil, boom }), nil, "", boom, false},
	} {
		t.Run(name, func(t *testing.T) {
			run := task.Func(func(context.Context) (any, error) { return c.value, c.err })
			end := ended(t, begin(attempt.New(t.Context(), of(run))))
			if !end.Started || string(end.Result) != c.result || end.Clean != c.clean || end.Panic != nil {
				t.Errorf("it ended with %+v", end)
			}
			if !errors.Is(end.Err, c.want) || (end.Err == nil) != (c.want == nil) {
				t.Errorf("it ended with %v, want %v", end.Err, c.want)
			}
		})
	}
}

// TestBadResultKeepsTheError: a result that does not encode hides no error.
func TestBadResultKeepsTheError(t *testing.T) {
	boom := errors.New("boom")
	run := task.Func(func(context.Context) (any, error) { return make(chan int), boom })
	end := ended(t, begin(attempt.New(t.Context(), of(run))))
	if !errors.Is(end.Err, boom) || !errors.Is(end.Err, task.ErrBadResult) {
		t.Errorf("it ended with %v", end.Err)
	}
}

func TestNotMade(t *testing.T) {
	boom := errors.New("boom")
	kind := task.NewKind("picky", func(struct{}) (task.Task, error) { return nil, boom })
	for name, c := range map[string]struct {
		make     attempt.Maker
		want     error
		panicked string
	}{
		"refused":      {attempt.Of(kind, nil), task.ErrBadConfig, ""},
		"undecodable":  {attempt.Of(kind, json.RawMessage(`{"a":1}`)), task.ErrBadConfig, ""},
		"panicked":     {func(context.Context) (task.Task, error) { panic(boom) }, boom, "boom"},
		"called exit":  {func(context.Context) (task.Task, error) { runtime.Goexit(); return nil, nil }, nil, "runtime.Goexit called"},
		"no task type": {func(context.Context) (task.Task, error) { return task.Func(nil), nil }, nil, "runtime error: invalid memory address or nil pointer dereference"},
	} {
		t.Run(name, func(t *testing.T) {
			end := ended(t, begin(attempt.New(t.Context(), c.make)))
			if end.Started != (name == "no task type") || end.Clean || end.Err == nil || !errors.Is(end.Err, c.want) && c.want != nil {
				t.Errorf("it ended with %+v", end)
			}
			if (end.Panic != nil) != (c.panicked != "") || end.Panic != nil && end.Panic.Value != c.panicked {
				t.Errorf("it panicked with %v, want %q", end.Panic, c.panicked)
			}
		})
	}
}

func TestPanics(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		run  func(context.Context) (any, error)
		want string
	}{
		"panic":         {func(context.Context) (any, error) { panic(boom) }, "boom"},
		"Goexit":        {func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }, "runtime.Goexit called"},
		"in the result": {func(context.Context) (any, error) { return marshals(func() ([]byte, error) { panic(boom) }), nil }, "boom"},
		"exit in result": {func(context.Context) (any, error) {
			return marshals(func() ([]byte, error) { runtime.Goexit(); return nil, nil }), nil
		}, "runtime.Goexit called"},
		"wrapped, passed": {func(context.Context) (any, error) { return nil, errors.Join(&task.PanicError{Value: "boom"}) }, "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			end := ended(t, begin(attempt.New(t.Context(), of(task.Func(c.run)))))
			if end.Panic == nil || end.Panic.Value != c.want || end.Clean || !end.Started {
				t.Fatalf("it ended with %+v", end)
			}
			var bad *task.PanicError
			if !errors.As(end.Err, &bad) || bad != end.Panic {
				t.Errorf("%v does not unwrap to the panic", end.Err)
			}
			if name == "panic" && (!errors.Is(end.Err, boom) || !strings.Contains(end.Panic.Stack, "TestPanics")) {
				t.Errorf("the cause or the stack is lost: %+v", end.Panic)
			}
		})
	}
}

// hostile is an error whose methods panic, one of them.
type hostile string

func (h hostile) misbehave(method string) {
	if string(h) == method {
		panic("in " + method)
	}
}
func (h hostile) Error() string   { h.misbehave("Error"); return "hostile" }
func (h hostile) Is(error) bool   { h.misbehave("Is"); return false }
func (h hostile) As(any) bool     { h.misbehave("As"); return false }
func (h hostile) Unwrap() error   { h.misbehave("Unwrap"); return nil }
func (h hostile) Permanent() bool { h.misbehave("Permanent"); return false }

func TestHostileErrors(t *testing.T) {
	for _, method := range []string{"Error", "Is", "As", "Unwrap"} {
		t.Run(method, func(t *testing.T) {
			for where, run := range map[string]func(context.Context) (any, error){
				"returned": func(context.Context) (any, error) { return 7, hostile(method) },
				"panicked": func(context.Context) (any, error) { panic(hostile(method)) },
			} {
				end := ended(t, begin(attempt.New(t.Context(), of(task.Func(run)))))
				if end.Err == nil || end.Clean {
					t.Errorf("%s: it ended with %+v", where, end)
				}
			}
			running := make(chan struct{})
			a := attempt.New(t.Context(), of(stoppable{
				untilStopped(running).Run,
				func(context.Context) error { return hostile(method) },
			}))
			ends := begin(a)
			<-running
			a.Stop(t.Context(), task.ErrStopped)
			if end := ended(t, ends); end.Err == nil || end.Clean {
				t.Errorf("of Stop: it ended with %+v", end)
			}
		})
	}
}

// TestNothingIsLeftWaiting: what the task left waiting on its ctx ends with it.
func TestNothingIsLeftWaiting(t *testing.T) {
	var left context.Context
	run := task.Func(func(ctx context.Context) (any, error) { left = ctx; return nil, nil })
	ended(t, begin(attempt.New(t.Context(), of(run))))
	if left.Err() == nil {
		t.Error("the task's ctx outlives it")
	}
}
