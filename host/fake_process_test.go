package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// FakeProcesses gives r an executor of process mode that launches nothing: what a
// bubble can hold. Its tasks can be killed, at their next pause.
func FakeProcesses(r *Runner) { r.executors[Process] = fakeProcesses{} }

// What a fake process takes.
const (
	FakeLaunch = time.Millisecond
	FakeReap   = 2 * time.Millisecond
)

// errKilled is the cause of a Life that a kill has ended.
var errKilled = errors.New("killed")

type lifeKey struct{}

// Life is ctx without the end that a stop makes: it ends with the fake process
// alone.
func Life(ctx context.Context) context.Context {
	life, ok := ctx.Value(lifeKey{}).(context.Context)
	if !ok {
		return context.WithoutCancel(ctx)
	}
	return life
}

type fakeProcesses struct{}

func (fakeProcesses) close(bool) {}

func (fakeProcesses) prepare(c call) execution {
	p := &fakeProcess{call: c}
	p.life, p.kill = context.WithCancelCause(c.ctx)
	p.attempt = attempt.New(context.WithValue(p.life, lifeKey{}, p.life), p.launch)
	return p
}

type fakeProcess struct {
	call
	attempt *attempt.Attempt
	life    context.Context
	kill    context.CancelCauseFunc
	hung    *processEnd
}

func (p *fakeProcess) begin() { go p.attempt.Run(p.started, p.end) }

// launch fails where the kind's constructor has not returned by the start timeout.
func (p *fakeProcess) launch(ctx context.Context) (task.Task, error) {
	timeout := cmp.Or(p.job.startTimeout, p.config.startTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not started within the start timeout of %v", timeout))
	defer cancel()
	type made struct {
		task task.Task
		err  error
	}
	makes := make(chan made, 1)
	go func() { // ends by itself: nobody waits for what a killed process still meant to do
		_ = task.Sleep(ctx, FakeLaunch)
		t, err := p.job.kind.Local().New(p.job.config)
		makes <- made{t, err}
	}()
	select {
	case m := <-makes:
		return m.task, m.err
	case <-p.life.Done():
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); !errors.Is(cause, task.ErrStopped) {
		p.hung = &processEnd{outcome: OutcomeLaunchFailed, exitCode: -1}
	}
	return nil, context.Cause(ctx)
}

func (p *fakeProcess) stop(ctx context.Context, cause error) {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(p.life, cancel) // its Stop is code of the process too
	go p.attempt.Stop(ctx, cause)
}

func (p *fakeProcess) insist() bool {
	p.kill(errKilled)
	return true
}

func (p *fakeProcess) end(e attempt.End) {
	ended := end{End: e, process: p.hung}
	if p.life.Err() != nil && !e.Clean {
		time.Sleep(FakeReap)
		ended.process = &processEnd{outcome: OutcomeSignalled, exitCode: -1, signal: "killed"}
		ended.Err = fmt.Errorf("%w: its process was killed", wire.ErrLost)
		ended.Text, ended.Panic, ended.Final = ended.Err.Error(), nil, false
	}
	p.kill(nil)
	p.ended(ended)
}

func (*fakeProcess) ping(context.Context) string       { return "" }
func (*fakeProcess) runs(attempt.Trace) bool           { return false }
func (*fakeProcess) await(_ context.Context, f func()) { f() }
