package task_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

type panicky struct{}

func (panicky) Error() string { panic("in Error") }

func TestGuard(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		f     func()
		value string
		err   error
	}{
		"text":        {func() { panic("boom") }, "boom", nil},
		"number":      {func() { panic(7) }, "7", nil},
		"error":       {func() { panic(fmt.Errorf("deep: %w", boom)) }, "deep: boom", boom},
		"nil":         {func() { panic(nil) }, "panic called with nil argument", new(runtime.PanicNilError)},
		"typed nil":   {func() { panic((*task.PanicError)(nil)) }, "<nil>", nil},
		"in Error":    {func() { panic(panicky{}) }, "%!v(PANIC=Error method: in Error)", panicky{}},
		"nil pointer": {func() { var p *int; *p = 1 }, "runtime error: invalid memory address or nil pointer dereference", nil},
		"in a defer":  {func() { defer func() { panic("second") }(); panic("first") }, "second", nil},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			var bad *task.PanicError
			task.Guard(c.f, func(p *task.PanicError) { calls++; bad = p })
			if calls != 1 || bad == nil {
				t.Fatalf("done was called %d times, with %v", calls, bad)
			}
			if bad.Value != c.value || bad.Error() != "panic: "+c.value {
				t.Errorf("caught %q, says %q", bad.Value, bad.Error())
			}
			if c.err != nil && bad.Err == nil {
				t.Errorf("the error given to panic is lost")
			}
			if errors.Is(c.err, boom) && !errors.Is(bad, boom) {
				t.Errorf("%v does not unwrap to what was given to panic", bad)
			}
			if !strings.Contains(bad.Stack, "TestGuard") {
				t.Errorf("the stack is not the panic's:\n%s", bad.Stack)
			}
		})
	}
}

func TestGuardWithoutPanic(t *testing.T) {
	var order []string
	task.Guard(func() { order = append(order, "f") }, func(p *task.PanicError) {
		order = append(order, fmt.Sprint(p))
	})
	if got := strings.Join(order, " "); got != "f <nil>" {
		t.Errorf("order: %s", got)
	}
}

func TestGuardGoexit(t *testing.T) {
	caught := make(chan *task.PanicError, 2)
	after := make(chan bool, 1)
	go func() { // ends with the Goexit
		defer close(after)
		task.Guard(runtime.Goexit, func(p *task.PanicError) { caught <- p })
		after <- true
	}()
	if <-after {
		t.Error("Guard returned after a Goexit")
	}
	close(caught)
	if bad := <-caught; bad == nil || bad.Value != "runtime.Goexit called" || bad.Err != nil || bad.Stack == "" {
		t.Errorf("caught %+v", bad)
	}
	if _, more := <-caught; more {
		t.Error("done was called twice")
	}
}

// TestGuardKeepsThePanic: a panic that is passed on from another goroutine keeps
// its first stack.
func TestGuardKeepsThePanic(t *testing.T) {
	first := &task.PanicError{Value: "elsewhere", Stack: "its stack"}
	if bad := guarded(func() { panic(first) }); bad != first {
		t.Errorf("caught %+v", bad)
	}
}
