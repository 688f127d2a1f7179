package conformance

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// kind is a kind of the plugin, and what the checks have found out about it.
type kind struct {
	name   string
	schema json.RawMessage
	config *config
	first  *firstRun // nil before it was run
	stop   *stopRun  // nil before it was stopped
	many   *outcome  // of several attempts at once; nil before
}

// firstRun is how a task of the kind runs when nobody disturbs it.
type firstRun struct {
	why    string  // it cannot be run, so that nothing can be seen; or ""
	start  outcome // of the check of that
	itself bool    // it ended before it was stopped
	took   time.Duration
	late   bool // it did not end in its grace
	said   transcript
}

// stopRun is how a task of the kind ends that is stopped while it runs.
type stopRun struct {
	outcome
	said transcript
}

// begin is the first message of an attempt of the kind.
func (k *kind) begin(config json.RawMessage) *taskpb.RunRequest {
	return &taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: &taskpb.Start{
		Run: "conformance", Task: k.name, Kind: k.name, Config: config, Attempt: 1,
		TraceContext: map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	}}}
}

// firstRun runs a task of the kind for the first time.
func (t *trial) firstRun() *firstRun {
	if t.kind.first == nil {
		t.kind.first = &firstRun{start: passed()}
		t.runFirst(t.kind.first)
	}
	return t.kind.first
}

func (t *trial) runFirst(f *firstRun) {
	c := t.config()
	if c.missing != "" {
		f.skip("%s", c.missing)
		return
	}
	s, err := t.open(t.kind.begin(c.text), false)
	if err != nil {
		f.fail("%v", err)
		return
	}
	defer s.close()
	if !s.awaitBegun(t.options.StartTimeout) {
		f.fail("it said neither started nor finished within the start timeout of %v", t.options.StartTimeout)
		return
	}
	if f.judge(s.transcript(), c); f.why != "" {
		return
	}
	began := time.Now()
	if f.itself = s.await(t.options.Watch, hasEnded); !f.itself {
		s.stop(t.options.Grace)
	}
	f.late = !s.awaitEnd(t.patience())
	f.took = time.Since(began)
	f.said = s.transcript()
	if f.late {
		t.Close() // it holds a task that does not end
	}
}

// judge finds out whether the task was made.
func (f *firstRun) judge(said transcript, c *config) {
	refusal := said.finished.GetFailure()
	switch {
	case said.started:
	case said.over && said.finished == nil:
		f.fail("the stream ended without a word: %s", endOf(said.status))
	case refusal != nil && c.given:
		f.fail("with the config that was given, the task could not be made: %s", refusal.GetMessage())
	case refusal != nil:
		f.skip("with the config %s, %s, the task could not be made: %s: give a config", c.text, c.from, refusal.GetMessage())
	}
}

const notRun = "no task of it was run: see " + start

func (f *firstRun) fail(format string, args ...any) { f.start, f.why = failed(format, args...), notRun }

func (f *firstRun) skip(format string, args ...any) {
	f.start, f.why = notApplicable(format, args...), notRun
}

// stopRun stops a task of the kind while it runs.
func (t *trial) stopRun() *stopRun {
	if t.kind.stop != nil {
		return t.kind.stop
	}
	r := &stopRun{}
	t.kind.stop = r
	f := t.firstRun()
	switch {
	case f.why != "":
		r.outcome = notApplicable("%s", f.why)
	case f.late:
		r.outcome = failed("it still ran %v after it was asked to stop", t.options.Grace)
	case !f.itself:
		r.outcome, r.said = passed(), f.said
	default: // too quick to be stopped, perhaps
		r.outcome = t.attempt(func(s *session) outcome {
			s.stop(t.options.Grace)
			o := t.ends(s)
			r.said = s.transcript()
			if o.verdict == Pass && !r.said.stopped {
				o = notApplicable("it had ended by itself, in %v, before it could be stopped", f.took.Round(time.Millisecond))
			}
			return o
		})
	}
	return r
}

// attempt runs a task of the kind and, once it has started, f.
func (t *trial) attempt(f func(*session) outcome) outcome {
	return t.attemptOf(t.kind.begin(t.config().text), f)
}

func (t *trial) attemptOf(first *taskpb.RunRequest, f func(*session) outcome) outcome {
	if why := t.firstRun().why; why != "" {
		return notApplicable("%s", why)
	}
	s, err := t.open(first, false)
	if err != nil {
		return failed("%v", err)
	}
	defer s.close()
	if o := t.begun(s); o.verdict != Pass {
		return o
	}
	return t.orderly(s, f(s))
}

// begun waits until a task that is known to start has done so.
func (t *trial) begun(s *session) outcome {
	if !s.awaitBegun(t.options.StartTimeout) {
		return failed("it said neither started nor finished within %v", t.options.StartTimeout)
	}
	switch said := s.transcript(); {
	case said.started, t.firstRun().said.started == said.started:
		return passed()
	case said.finished != nil:
		return failed("it did not start, but finished: %s", said.finished.GetFailure().GetMessage())
	default:
		return failed("the stream ended without a word: %s", endOf(said.status))
	}
}

// orderly fails an attempt in which the plugin broke a rule that it keeps otherwise.
func (t *trial) orderly(s *session, o outcome) outcome {
	if o.verdict != Pass {
		return o
	}
	for check, fault := range s.transcript().faults {
		if t.firstRun().said.faults[check] == "" {
			return failed("%s (%s)", fault, check)
		}
	}
	return o
}

// ends waits for the end of a task that was asked to stop.
func (t *trial) ends(s *session) outcome {
	if !s.awaitEnd(t.patience()) {
		return failed("it still ran %v after it was asked to stop", t.options.Grace)
	}
	return passed()
}

// patience is how long after a stop a task must have ended.
func (t *trial) patience() time.Duration { return t.options.Grace + 500*time.Millisecond + t.slack() }

// open opens an attempt in an instance that lives. It is for the first attempt of a
// check: what else belongs to that goes to the same instance, since a new one would
// hide the end of this.
func (t *trial) open(first *taskpb.RunRequest, mute bool) (*session, error) {
	instance, err := t.live(t.ctx)
	if err != nil {
		return nil, fmt.Errorf("it could not be started again: %w", err)
	}
	return t.openIn(instance, first, mute)
}

// openIn opens an attempt in the very instance.
func (t *trial) openIn(instance Instance, first *taskpb.RunRequest, mute bool) (*session, error) {
	s, err := open(t.ctx, instance, first, mute, t.Masked)
	if err == nil {
		s.closing += t.slack()
	}
	if err == nil && t.kind != nil && t.kind.first != nil && t.kind.first.said.faults[lastWord] != "" {
		s.closing = 0 // to wait again tells nothing new
	}
	return s, err
}
