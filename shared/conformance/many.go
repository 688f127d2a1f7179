package conformance

import "time"

// abreast is how many attempts are run at once.
const abreast = 4

// checkConcurrent runs several attempts at once.
func checkConcurrent(t *trial) outcome {
	if t.kind.many == nil {
		o := t.runMany()
		t.kind.many = &o
	}
	return *t.kind.many
}

func (t *trial) runMany() outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	deadline := time.Now().Add(t.options.StartTimeout)
	instance, err := t.live(t.ctx)
	if err != nil {
		return failed("it could not be started again: %v", err)
	}
	var sessions []*session
	for range abreast {
		s, err := t.openIn(instance, t.kind.begin(t.config().text), false)
		if err != nil {
			return failed("%v", err)
		}
		defer s.close()
		sessions = append(sessions, s)
	}
	began := 0
	for _, s := range sessions {
		if s.awaitBegun(time.Until(deadline)) {
			began++
		}
	}
	if began < abreast {
		return failed("of %d attempts at once, only %d started within %v", abreast, began, t.options.StartTimeout)
	}
	for _, s := range sessions {
		s.stop(t.options.Grace)
	}
	for _, s := range sessions {
		if o := t.orderly(s, t.ends(s)); o.verdict != Pass {
			return o
		}
	}
	return passed()
}

// checkStopAlone stops one of two attempts.
func checkStopAlone(t *trial) outcome {
	if o, ok := t.stoppable(); !ok {
		return o
	}
	if t.firstRun().itself {
		return notApplicable("it ends by itself")
	}
	if o := checkConcurrent(t); o.verdict != Pass {
		return notApplicable("its attempts wait for each other: see %s", concurrent)
	}
	began := time.Now()
	return t.attempt(func(other *session) outcome {
		s, err := t.openIn(other.instance, t.kind.begin(t.config().text), false)
		if err != nil {
			return failed("%v", err)
		}
		defer s.close()
		if o := t.begun(s); o.verdict != Pass {
			return notApplicable("it does not run twice at once with the same config: %s", o.reason)
		}
		s.stop(t.options.Grace)
		if o := t.ends(s); o.verdict != Pass {
			return o
		}
		if !other.await(aside, hasEnded) {
			return t.end(other)
		}
		if t.endsAlone(time.Since(began) + aside) {
			return notApplicable("it ends by itself after a while")
		}
		return failed("one of two tasks was asked to stop, and both ended")
	})
}

// endsAlone reports whether an attempt ends within d though nobody asks it to: on a
// busy machine a short one may have looked like one that lasts.
func (t *trial) endsAlone(d time.Duration) bool {
	ends := false
	t.attempt(func(s *session) outcome {
		ends = s.await(d, hasEnded)
		s.stop(t.options.Grace)
		return t.ends(s)
	})
	return ends
}

func hasEnded(t *transcript) bool { return t.finished != nil || t.over }

// aside is how long a task is watched that should go on when another was stopped.
const aside = 100 * time.Millisecond

// some is a trial of the first kind whose tasks can be run, and run so; nil if there is
// none.
func (t *trial) some(so func(*firstRun) bool) *trial {
	for _, k := range t.about.kinds {
		one := &trial{Suite: t.Suite, ctx: t.ctx, kind: k}
		if t.options.Kind != "" && k.name != t.options.Kind {
			continue
		}
		if f := one.firstRun(); f.why == "" && so(f) {
			return one
		}
	}
	return nil
}

// lasting are tasks that run for a while, and stopping those of them that then stop.
func lasting(f *firstRun) bool  { return !f.itself }
func stopping(f *firstRun) bool { return !f.itself && !f.late }
