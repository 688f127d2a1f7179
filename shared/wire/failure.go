package wire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// sentinels are the conditions that errors.Is finds on the other side. A test
// loops over all codes, so that none is forgotten.
//
//nolint:gochecknoglobals // a table, which nobody changes
var sentinels = map[taskpb.Code]error{
	taskpb.Code_CODE_STOPPED:           task.ErrStopped,
	taskpb.Code_CODE_HOST_GONE:         task.ErrHostGone,
	taskpb.Code_CODE_UNKNOWN_KIND:      task.ErrUnknownKind,
	taskpb.Code_CODE_BAD_CONFIG:        task.ErrBadConfig,
	taskpb.Code_CODE_BAD_RESULT:        task.ErrBadResult,
	taskpb.Code_CODE_BAD_CHECKPOINT:    task.ErrBadCheckpoint,
	taskpb.Code_CODE_CANCELLED:         context.Canceled,
	taskpb.Code_CODE_DEADLINE_EXCEEDED: context.DeadlineExceeded,
}

// maxText bounds each text that is for people in bytes: an error's message, a stack, that
// of progress or of a log message.
const maxText = 256 << 10

// encodeFailure is nil for a nil error. It never fails: an error whose methods
// panic becomes one that says so.
func encodeFailure(err error) *taskpb.Failure {
	if err == nil {
		return nil
	}
	f := &taskpb.Failure{Message: text(fmt.Sprint(err))} // Sprint survives an Error method that panics
	task.Guard(func() {
		for code, sentinel := range sentinels {
			if errors.Is(err, sentinel) {
				f.Codes = append(f.Codes, code)
			}
		}
		f.Permanent = task.IsPermanent(err)
		if p, ok := errors.AsType[*task.PanicError](err); ok {
			f.Panic = &taskpb.Panic{Value: text(p.Value), Stack: text(p.Stack)}
		}
	}, func(p *task.PanicError) {
		if p != nil {
			f.Panic = &taskpb.Panic{Value: text(p.Value), Stack: text(p.Stack)}
		}
	})
	slices.Sort(f.GetCodes())
	return f
}

// decodeFailure is nil for a nil failure. A code that it does not know is
// dropped: the message still tells. A foreign plugin's texts are bounded here.
func decodeFailure(f *taskpb.Failure) error {
	if f == nil {
		return nil
	}
	remote := &remoteError{message: text(f.GetMessage()), permanent: f.GetPermanent()}
	if remote.message == "" {
		remote.message = "the plugin gave no reason"
	}
	for _, code := range f.GetCodes() {
		if sentinel, ok := sentinels[code]; ok {
			remote.is = append(remote.is, sentinel)
		}
	}
	if p := f.GetPanic(); p != nil {
		remote.panicked = &task.PanicError{Value: text(p.GetValue()), Stack: text(p.GetStack())}
	}
	return remote
}

// remoteError is an error that crossed the boundary.
type remoteError struct {
	message   string
	is        []error
	permanent bool
	panicked  *task.PanicError
}

func (e *remoteError) Error() string        { return e.message }
func (e *remoteError) Is(target error) bool { return slices.Contains(e.is, target) }
func (e *remoteError) Permanent() bool      { return e.permanent }
func (e *remoteError) As(target any) bool {
	p, ok := target.(**task.PanicError)
	if ok && e.panicked != nil {
		*p = e.panicked
		return true
	}
	return false
}

// text makes s fit for a protobuf string: valid UTF-8 and not endless. What one side has
// cut, the other leaves as it is.
func text(s string) string {
	const kept = maxText - len("... (9223372036854775807 bytes more)")
	valid := strings.ToValidUTF8(s[:min(len(s), maxText+1)], "\uFFFD")
	if len(valid) <= maxText {
		return valid
	}
	return fmt.Sprintf("%s... (%d bytes more)", strings.ToValidUTF8(valid[:kept], ""), max(len(s), len(valid))-kept)
}
