package attempt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/hostelry-run/hostelry/shared/task"
)

// End is how an attempt ended.
type End struct {
	// Result is what the task returned, as JSON; nil if it returned nil.
	Result json.RawMessage
	// Err is nil if the task succeeded. A panic and a Goexit are a *task.PanicError.
	Err error
	// Panic is the panic in Err, or nil.
	Panic *task.PanicError
	// Text is Err's. To call the methods of a task's error is to run its code: who
	// holds a lock must not.
	Text string
	// Started says that there was a task: if not, Err is why it was not made.
	Started bool
	// Clean says that Err is what a task returns that was asked to stop.
	Clean bool
	// Final says that another attempt would fail alike: Err was marked by
	// task.Permanent, or is a task.ErrUnknownKind or task.ErrBadConfig.
	Final bool
}

// How most attempts end that succeed, or are stopped.
//
//nolint:gochecknoglobals // values, which nobody changes
var (
	succeeded = &End{Started: true, Clean: true}
	stopped   = &End{Started: true, Clean: true, Err: task.ErrStopped, Text: task.ErrStopped.Error()}
)

// ended is the end of a task whose Run has returned. It and judge are not inlined, to
// keep what they need off the stack while the task runs.
//
//go:noinline
func ended(t task.Task, value any, err error) *End {
	switch {
	case value == nil && err == nil:
		return succeeded
	case value == nil && err == task.ErrStopped: //nolint:errorlint // not what wraps it
		return stopped
	}
	end := &End{Err: err, Started: true}
	result, encoded := value.(json.RawMessage)
	if _, begun := t.(Begun); value == nil || encoded && begun {
		end.Result = result
		return end
	}
	result, bad := json.Marshal(value)
	switch {
	case bad != nil:
		end.Err = errors.Join(err, fmt.Errorf("%w: %w", task.ErrBadResult, bad))
	case !utf8.Valid(result): // a json.RawMessage, or of a MarshalJSON
		end.Err = errors.Join(err, fmt.Errorf("%w: its JSON is not UTF-8", task.ErrBadResult))
	case string(result) != "null":
		end.Result = result
	}
	return end
}

// judge finds out what Err is.
//
//go:noinline
func (e *End) judge() {
	if e.Clean { // it is known
		return
	}
	if e.Clean = plain(e.Err); e.Clean {
		return
	}
	task.Guard(func() { // calls methods of the task's error: they may panic too
		e.Clean = clean(e.Err)
		e.Panic, _ = errors.AsType[*task.PanicError](e.Err)
	}, func(p *task.PanicError) {
		if p != nil {
			e.Err, e.Panic, e.Clean = p, p, false
		}
	})
}

// describe reads what else is to be known of the error.
func (e *End) describe() {
	switch {
	case e.Err == nil, e.Text != "":
		return
	case plain(e.Err):
		e.Text = e.Err.Error()
		return
	}
	task.Guard(func() {
		e.Text = "its error's Error method does not return"
		e.Text = fmt.Sprint(e.Err) // survives one that panics
		e.Final = task.IsPermanent(e.Err) || errors.Is(e.Err, task.ErrUnknownKind) || errors.Is(e.Err, task.ErrBadConfig)
	}, func(*task.PanicError) {})
}

// stopFailed is the end with what the task's Stop returned.
func (e *End) stopFailed(err error) *End {
	failed := *e
	if e.Panic == nil {
		task.Guard(func() { failed.Panic, _ = errors.AsType[*task.PanicError](err) }, func(p *task.PanicError) {
			if p != nil { // in a method of err
				failed.Panic = p
			}
		})
	}
	err = fmt.Errorf("stop: %w", err)
	if !e.Clean {
		err = errors.Join(e.Err, err)
	}
	failed.Err, failed.Text, failed.Clean = err, "", false
	return &failed
}

func clean(err error) bool {
	return plain(err) || errors.Is(err, task.ErrStopped) || errors.Is(err, task.ErrHostGone) ||
		errors.Is(err, context.Canceled)
}

// plain reports whether err is nil or one of the very errors that almost every task
// returns that was asked to stop: nothing needs to be looked for in them.
func plain(err error) bool {
	return err == nil || err == task.ErrStopped || err == context.Canceled //nolint:errorlint // not what wraps them
}
