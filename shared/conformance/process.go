package conformance

import (
	"errors"
	"strings"
	"syscall"
	"time"
)

const (
	// farewell is how long a plugin may take to exit that its host has done with.
	farewell = 2 * time.Second
	// gone is how long a plugin is waited for whose host is gone. The rule says a
	// second; the rest is the machine's, which may be busy.
	gone = 2 * time.Second
)

func noProcess() outcome { return notApplicable("it has no process of its own here") }

func nothingRuns(watch time.Duration) outcome {
	return notApplicable("no kind has a task that was seen to run for %v and then to stop", watch)
}

// process is the instance as a process.
func (t *trial) process() (Process, *outcome) {
	if _, ok := t.subject.(File); !ok {
		o := noProcess()
		return nil, &o
	}
	instance, err := t.live(t.ctx)
	if err != nil {
		o := failed("it could not be started again: %v", err)
		return nil, &o
	}
	p, ok := instance.(Process)
	if !ok {
		o := noProcess()
		return nil, &o
	}
	return p, nil
}

// exits waits for the end of an instance.
func exits(p Instance, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.Done():
		return true
	case <-timer.C:
		return false
	}
}

func checkByHand(t *trial) outcome {
	file, ok := t.subject.(File)
	if !ok {
		return noProcess()
	}
	ctx, cancel := within(t.ctx, t.options.StartTimeout)
	defer cancel()
	stdout, stderr, status, err := file.StartByHand(ctx)
	switch {
	case ctx.Err() != nil:
		return failed("started by hand, it did not end within %v", t.options.StartTimeout)
	case err != nil:
		return failed("it could not be started by hand: %v", err)
	case stdout != "":
		return failed("started by hand, it printed to stdout: %s", show([]byte(stdout)))
	case strings.TrimSpace(stderr) == "":
		return failed("started by hand, it said nothing on stderr")
	case status != 2:
		return failed("started by hand, it exited with status %d", status)
	}
	return passed()
}

// checkHostGone takes its host away from a plugin with a task that runs, if there is
// one.
func checkHostGone(t *trial) outcome {
	one := t.some(lasting)
	p, bad := t.process()
	if bad != nil {
		return *bad
	}
	if one != nil {
		s, err := one.openIn(p, one.kind.begin(one.config().text), false)
		if err != nil {
			return failed("%v", err)
		}
		defer s.close()
		if o := one.begun(s); o.verdict != Pass {
			return o
		}
	}
	defer t.Close()
	p.HangUp()
	if !exits(p, gone+t.slack()) {
		return failed("it still lived %v after its host was gone", gone)
	}
	if p.Status() != 0 {
		return failed("after its host was gone, %s", p.Fate())
	}
	return passed()
}

func checkTerminate(t *trial) outcome {
	one := t.some(stopping)
	p, bad := t.process()
	switch {
	case bad != nil:
		return *bad
	case one == nil:
		return nothingRuns(t.options.Watch)
	}
	s, err := one.openIn(p, one.kind.begin(one.config().text), false)
	if err != nil {
		return failed("%v", err)
	}
	defer s.close()
	if o := one.begun(s); o.verdict != Pass {
		return o
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return cannotSignal(err)
	}
	defer t.Close()
	ended := s.awaitEnd(t.patience())
	switch said := s.transcript(); {
	case !ended:
		return failed("%v after SIGTERM a task still ran", t.options.Grace)
	case said.finished == nil && one.firstRun().said.finished != nil:
		return failed("on SIGTERM it ended without its task's last word")
	case said.finished != nil && !said.clean():
		return failed("on SIGTERM its task finished: %s", words(said.finished))
	}
	if !exits(p, farewell+t.slack()) {
		return failed("%v after SIGTERM, and after its last task, it still lived", farewell)
	}
	return passed()
}

func cannotSignal(err error) outcome {
	if errors.Is(err, errors.ErrUnsupported) {
		return notApplicable("this system has no such signal")
	}
	return failed("it could not be sent a signal: %v", err)
}

// checkInterrupt sends what a terminal sends to all who run in it.
func checkInterrupt(t *trial) outcome {
	p, bad := t.process()
	if bad != nil {
		return *bad
	}
	if err := p.Signal(syscall.SIGINT); err != nil {
		return cannotSignal(err)
	}
	ended := exits(p, aside)
	_, err := t.ask(t.ctx, p)
	switch {
	case ended, err != nil && exits(p, farewell):
		return failed("SIGINT ended it")
	case err != nil:
		return failed("after SIGINT, %v", err)
	}
	return passed()
}

// ending is how a plugin ends that its host has done with.
type ending struct{ exit, left outcome }

// dismissed ends the plugin as a host does that is done with it, and looks at what is
// left.
func (t *trial) dismissed() ending {
	if t.Suite.ending == nil {
		e := t.dismiss()
		t.Suite.ending = &e
	}
	return *t.Suite.ending
}

func (t *trial) dismiss() ending {
	p, bad := t.process()
	if bad != nil {
		return ending{*bad, *bad}
	}
	defer t.Close()
	_, unknown := p.Family()
	p.HangUp()
	_ = p.Signal(syscall.SIGTERM) // where there is none, the end of the lifeline says it
	switch {
	case !exits(p, farewell+t.slack()):
		return ending{
			failed("it still lived %v after its host was done with it", farewell),
			notApplicable("it does not exit: see %s", exit),
		}
	case unknown != nil:
		return ending{passed(), notApplicable("%v", unknown)}
	}
	return ending{passed(), alone(p, nil, dying+t.slack(), "it ended, and left processes behind")}
}

func checkExit(t *trial) outcome        { return t.dismissed().exit }
func checkNothingLeft(t *trial) outcome { return t.dismissed().left }
