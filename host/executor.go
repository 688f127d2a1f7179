package host

import (
	"context"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/redact"
	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// executor runs attempts in one mode. The runner knows nothing else of a mode.
type executor interface {
	// prepare makes an attempt that has not begun. It is quick.
	prepare(c call) execution
	// close frees what the executor holds. It is called once, after the last
	// attempt has ended or was abandoned, and waits for its own goroutines unless
	// there are abandoned attempts, which may keep them.
	close(abandoned bool)
}

// call is what an executor needs to know of one attempt.
type call struct {
	teller
	ctx    context.Context // carries the task.Host
	job    *job
	config *config
}

// teller is how an executor tells what becomes of an attempt.
type teller struct{ try *try }

// expectLocked is called before the attempt begins if nobody can end it before it runs:
// then the runner hears if that takes too long.
func (t teller) expectLocked() {
	if d := t.try.job.startTimeout; d > 0 {
		t.try.watch.timers = append(t.try.watch.timers, time.AfterFunc(d, t.try.late))
	}
}

// started is to be called once, when the task runs, if it does.
func (t teller) started() { t.try.started() }

// ended is to be called exactly once, last, unless insist failed and nobody will know.
func (t teller) ended(e end) { t.try.ended(&e) }

// execution is one attempt.
type execution interface {
	// begin begins the attempt. It is called once, under the runner's lock, and does not
	// block.
	begin()
	// stop asks the task to stop, by ctx's deadline. It is called at most once,
	// before begin too, and then the task does not run. It does not block.
	stop(ctx context.Context, cause error)
	// insist ends the attempt by force, after which ended is called soon. It
	// reports whether it can. It may be called more than once and does not block.
	insist() bool
	// ping says what is known of where the attempt runs, to be added to a message
	// about its silence, or "". It blocks until ctx ends at most.
	ping(ctx context.Context) string
	// runs reports whether the task is what the goroutine of t runs.
	runs(t attempt.Trace) bool
	// await calls f, which blocks, the way the task itself may: on its goroutine or
	// on that of its Stop. ctx is the task's own, or another.
	await(ctx context.Context, f func())
}

// end is how an attempt ended.
type end struct {
	attempt.End
	process *processEnd // nil unless a process made the attempt fail
}

// ends are how most attempts end in this process, made once.
type ends struct{ succeeded, stopped end }

func newEnds() ends {
	e := attempt.End{Started: true, Clean: true}
	stopped := e
	stopped.Err, stopped.Text = task.ErrStopped, task.ErrStopped.Error()
	return ends{succeeded: end{End: e}, stopped: end{End: stopped}}
}

// of makes no copy of what is the same for most: it would be on the stack, and what a
// goroutine does last must fit into its first, of 2 KB, or each one's is copied into a
// larger one.
func (s *ends) of(e *attempt.End) *end {
	switch {
	case !e.Started || e.Result != nil:
	case e.Err == nil:
		return &s.succeeded
	case e.Err == task.ErrStopped: //nolint:errorlint // not what wraps it
		return &s.stopped
	}
	return &end{End: *e}
}

// masked is the end with the secrets in all that it says masked.
func (e *end) masked(m *redact.Mask) *end {
	c := *e
	c.Err, c.Text = m.Error(c.Err, c.Text), m.Text(c.Text)
	c.Panic, c.Result = m.Panic(c.Panic), m.JSON(c.Result)
	if c.process != nil {
		p := *c.process
		p.stderr = m.Texts(p.stderr)
		c.process = &p
	}
	return &c
}

// processEnd is how a plugin's process ended without a last word, or why it did
// not start.
type processEnd struct {
	outcome  Outcome
	exitCode int // -1 where it is not known
	signal   string
	stderr   []string
	words    string // that say so, or "" for the obvious ones
}
