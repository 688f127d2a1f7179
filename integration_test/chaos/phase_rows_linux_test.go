package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/hostelry-run/hostelry/host"
	rawplugin "github.com/hostelry-run/hostelry/integration_test/internal/raw"
	"github.com/hostelry-run/hostelry/shared/task"
)

// phaseRows are plugins that end, or freeze, in each phase of their life.
var phaseRows = []row{
	{name: "exits before its handshake", how: func() { fmt.Fprintln(os.Stderr, "no license"); os.Exit(3) },
		want: launchFails("ended before its handshake with exit status 3").exit(3).stderrHas("no license")},
	{name: "exits with 0 before its handshake", how: func() { os.Exit(0) }, want: launchFails("exit status 0").exit(0)},
	{name: "exits after its handshake", how: func() { afterHandshake(func() { os.Exit(4) }) }, want: launchFails("ended after its handshake, before it served, with exit status 4").exit(4)},
	{name: "exits after Start", how: onStream(func(*rawStream) { os.Exit(5) }), want: exits(5)},
	{name: "exits while running", how: running(func() { os.Exit(6) }), want: exits(6)},
	{name: "exits with 0 while running", how: running(func() { os.Exit(0) }), want: exits(0)},
	{name: "exits while stopping", how: stopping(func() { os.Exit(7) }), stop: true, want: exits(7)},
	{name: "exits after Finished", how: afterFinished(func() { os.Exit(8) }), want: succeeds()},

	{name: "is killed before its handshake", how: func() { killSelf(syscall.SIGKILL) }, want: launchFails("killed by signal 9").killed()},
	{name: "is killed after its handshake", how: func() { afterHandshake(func() { killSelf(syscall.SIGKILL) }) }, want: launchFails("killed by signal 9 (killed) after its handshake, before it served").killed()},
	{name: "is killed after Start", how: onStream(func(*rawStream) { killSelf(syscall.SIGKILL) }), want: killed()},
	{name: "is killed while running", how: running(func() { killSelf(syscall.SIGKILL) }), want: killed()},
	{name: "is killed while stopping", how: stopping(func() { killSelf(syscall.SIGKILL) }), stop: true, want: killed()},
	{name: "is killed after Finished", how: afterFinished(func() { killSelf(syscall.SIGKILL) }), want: succeeds()},

	{name: "freezes before its handshake", how: freeze, hangs: true, want: launchFails("start timeout")},
	{name: "freezes after its handshake", how: func() { afterHandshake(freeze) }, hangs: true, want: launchFails("start timeout")},
	{name: "freezes after Start", how: onStream(func(*rawStream) { freeze() }), hangs: true, want: launchFails("start timeout").killed()},
	{name: "freezes while running", how: running(freeze), stop: true, want: overGrace()},
	{name: "freezes while stopping", how: stopping(freeze), stop: true, want: overGrace()},
	{name: "freezes after Finished", how: afterFinished(freeze), want: succeeds()},

	{name: "panics outside of its task", how: running(func() { go panic("elsewhere"); forever() }), want: exits(2).stderrHas("panic: elsewhere")},
	{name: "panics in its task", how: inTask(func(context.Context) (any, error) { panic("here") }), want: fails(host.OutcomePanic, "here")},
	{name: "ends its goroutine", how: inTask(func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }), want: fails(host.OutcomePanic, "Goexit")},
	{name: "aborts", how: running(func() { killSelf(syscall.SIGABRT) }), want: exits(2).stderrHas("SIGABRT")},
	{name: "ends by SIGTERM of another", how: onStream(func(s *rawStream) { s.run(); killSelf(syscall.SIGTERM) }),
		want: signalled("terminated")},
}

// stopRows are plugins that do not stop as asked.
var stopRows = []row{
	{name: "ignores the stop", how: running(forever), stop: true, want: overGrace()},
	{name: "ignores the stop in another language", how: onStream(func(s *rawStream) { s.run(); forever() }), stop: true, want: overGrace()},
	{name: "hangs in its Stop", how: func() { sdkStopper(func(context.Context) error { forever(); return nil }) }, stop: true, want: overGrace()},
	{name: "fails in its Stop", how: func() { sdkStopper(func(context.Context) error { return errors.New("stuck valve") }) }, stop: true,
		want: fails(host.OutcomeError, "stuck valve")},
	{name: "fails while stopping", how: inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		<-ctx.Done()
		return nil, errors.New("half done")
	}), stop: true, want: fails(host.OutcomeError, "half done")},
	{name: "succeeds in spite of the stop", how: inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		<-ctx.Done()
		return "kept", nil
	}), stop: true, want: stops().returns(`"kept"`)},
	{name: "ignores SIGTERM after Finished", how: func() {
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
		afterFinished(forever)()
	}, want: succeeds()},
	{name: "does not end its stream", how: onStream(func(s *rawStream) { s.run(); s.send(finished(`1`)); forever() }), want: succeeds().returns(`1`)},
	{name: "stops before it is asked", how: inTask(func(context.Context) (any, error) { return nil, task.ErrStopped }),
		want: fails(host.OutcomeError, "stop")},
}

func signalled(signal string) want {
	w := fails(host.OutcomeSignalled, "killed by a signal")
	w.signal = signal
	return w
}

// afterHandshake listens and shakes hands, but does not serve.
func afterHandshake(f func()) {
	rawplugin.Listen("mute")
	shakeHere("mute")
	f()
	forever()
}

// inTask is a decent plugin whose task is f.
func inTask(f func(context.Context) (any, error)) func() { return func() { sdk(f) } }

// running does something in the middle of a task, and the host knows that it runs.
func running(f func()) func() {
	return inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		if err := task.Checkpoint(context.WithoutCancel(ctx), 1); err != nil { // the stop may come before its answer
			return nil, err
		}
		f()
		return nil, nil
	})
}

// stopping does something when the task is asked to stop.
func stopping(f func()) func() {
	return inTask(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		<-ctx.Done()
		f()
		return nil, nil
	})
}

// onStream is a foreign plugin that has just been sent Start.
func onStream(f func(*rawStream)) func() {
	return func() {
		raw(func(s *rawStream) error {
			f(s)
			return nil
		})
	}
}

// afterFinished does something once the host has read Finished, and hung up.
func afterFinished(f func()) func() {
	return onStream(func(s *rawStream) {
		s.run()
		s.send(finished(`1`))
		<-s.Context().Done()
		f()
	})
}

// sdkStopper is a decent plugin whose task has a Stop of its own.
func sdkStopper(stop func(context.Context) error) {
	sdkTask(withStop{stop})
}

type withStop struct{ stop func(context.Context) error }

func (w withStop) Run(ctx context.Context) (any, error) {
	task.Ready(ctx)
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func (w withStop) Stop(ctx context.Context) error { return w.stop(ctx) }
