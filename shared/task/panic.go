package task

import (
	"fmt"
	"runtime/debug"
)

// PanicError is the failure of a task that panicked or called runtime.Goexit.
type PanicError struct {
	// Value is what was given to panic, as text, or "runtime.Goexit called".
	Value string
	// Stack is the goroutine's stack at that moment, as runtime/debug prints it.
	Stack string
	// Err is what was given to panic where that was an error, or nil.
	Err error
}

func (e *PanicError) Error() string { return "panic: " + e.Value }

// Unwrap gives the error that was given to panic, or nil.
func (e *PanicError) Unwrap() error { return e.Err }

// Guard calls f, and then done exactly once: with nil if f returned, else with
// the panic or runtime.Goexit that kept it from returning. After a Goexit the
// goroutine is ending, so that Guard does not return: what must happen in all
// cases belongs into done. Hosts and test kits call it around a task's code;
// authors of tasks do not need it.
func Guard(f func(), done func(*PanicError)) {
	returned := false
	defer func() {
		if returned {
			done(nil)
			return
		}
		done(Caught(recover()))
	}()
	f()
	returned = true
}

// Caught is the PanicError of a panic or runtime.Goexit, for who catches one without
// Guard, which takes more of the stack: a deferred function that runs because of it, and
// has called recover itself. value is what that returned: nil after a Goexit only, as
// panic(nil) has a value of its own.
func Caught(value any) *PanicError {
	if e, ok := value.(*PanicError); ok && e != nil {
		return e
	}
	e := &PanicError{Value: "runtime.Goexit called", Stack: string(debug.Stack())}
	if value != nil {
		e.Value = fmt.Sprint(value) // survives an Error method that panics
		e.Err, _ = value.(error)
	}
	return e
}
