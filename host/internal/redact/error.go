package redact

import (
	"errors"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Error is err with another text, err's own: calling err's methods may run a task's
// code, and so whoever has read the text gives it. errors.Is finds in it what is in
// err, and so does errors.As, with a panic's texts masked; any other error that As
// finds is the task's own and says what it said.
func (m *Mask) Error(err error, text string) error {
	if m == nil || err == nil {
		return err
	}
	return &masked{text: m.Text(text), err: err, mask: m}
}

// masked is an error whose text is masked.
type masked struct {
	text string
	err  error
	mask *Mask
}

func (e *masked) Error() string        { return e.text }
func (e *masked) Is(target error) bool { return errors.Is(e.err, target) }

// Permanent is what task.IsPermanent asks for.
func (e *masked) Permanent() bool { return task.IsPermanent(e.err) }

func (e *masked) As(target any) bool {
	if !errors.As(e.err, target) {
		return false
	}
	if p, ok := target.(**task.PanicError); ok {
		*p = e.mask.Panic(*p)
	}
	return true
}

// Panic masks the secrets in a panic's value and stack.
func (m *Mask) Panic(p *task.PanicError) *task.PanicError {
	if m == nil || p == nil {
		return p
	}
	return &task.PanicError{
		Value: m.Text(p.Value), Stack: m.Text(p.Stack), Err: m.Error(p.Err, p.Value),
	}
}
