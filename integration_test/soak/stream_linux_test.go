package soak

import (
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// next are the states that may follow each state here: no task needs another one,
// and none is abandoned.
var next = map[host.State][]host.State{
	host.StatePending:    {host.StateStarting},
	host.StateStarting:   {host.StateRunning, host.StateStopping, host.StateBackingOff, host.StateFailed, host.StateStopped},
	host.StateRunning:    {host.StateStopping, host.StateBackingOff, host.StateSucceeded, host.StateFailed},
	host.StateStopping:   {host.StateBackingOff, host.StateFailed, host.StateStopped},
	host.StateBackingOff: {host.StateStarting, host.StateStopped},
}

// stream is what one reader of a run's events got, and what was wrong with it.
type stream struct {
	seed     uint64
	whole    bool // it was there from the beginning
	lives    map[string]*life
	events   int
	states   []uint64 // a hash of each event that is not of progress
	counts   map[host.Mode]map[host.Outcome]int
	problems []string
}

// life is what a stream tells of one task.
type life struct {
	state   host.State
	attempt int
	ran     bool // the attempt did
	ready   bool
	over    bool // it has ended
	asked   bool // the run's stop was
	time    time.Time
	next    time.Time // when the next attempt may begin, while it backs off
}

func newStream(seed uint64, whole bool) *stream {
	return &stream{
		seed: seed, whole: whole, lives: make(map[string]*life),
		counts: map[host.Mode]map[host.Outcome]int{host.Goroutine: {}, host.Async: {}, host.Process: {}},
	}
}

// read reads events to their end. pause, where it is not nil, is called after each.
func (s *stream) read(events iter.Seq[host.Event], pause func()) {
	for e := range events {
		s.add(e)
		if pause != nil {
			pause()
		}
	}
}

func (s *stream) blame(e host.Event, format string, args ...any) {
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf("%s, attempt %d, %s %s (%q, %v): ", e.Task, e.Attempt, e.Type, e.State, e.Cause, e.Err)+
			fmt.Sprintf(format, args...))
	}
}

func (s *stream) add(e host.Event) {
	s.events++
	if e.Type != host.EventProgress {
		s.states = append(s.states, fingerprint(e))
	}
	if !s.whole {
		return // it is compared with one that was
	}
	l := s.lives[e.Task]
	if l == nil {
		l = &life{state: e.State}
		s.lives[e.Task] = l
		if e.State != host.StatePending || e.Attempt != 0 || e.Type != host.EventState {
			s.blame(e, "it is the first")
		}
	} else {
		s.follow(l, e)
	}
	if e.Kind != "mayfly" || e.Time.Before(l.time) {
		s.blame(e, "of kind %s, at %v after %v", e.Kind, e.Time, l.time)
	}
	l.time = e.Time
	s.checkEnd(l, e)
}

// follow checks what follows another event.
func (s *stream) follow(l *life, e host.Event) {
	attempt := l.attempt
	switch e.Type {
	case host.EventState:
		if !slices.Contains(next[l.state], e.State) {
			s.blame(e, "it follows %s", l.state)
		}
		switch e.State {
		case host.StateStarting:
			if e.Time.Before(l.next) {
				s.blame(e, "it should wait until %v", l.next)
			}
			attempt++
			l.ran, l.ready, l.over = false, false, false
		case host.StateRunning:
			l.ran = true
		case host.StateStopping:
			l.asked = e.Cause == "" // else the runner had a reason of its own
		}
		l.state, l.next = e.State, e.Next
	case host.EventReady:
		if l.ready {
			s.blame(e, "it was ready before")
		}
		l.ready = true
		fallthrough
	default:
		if e.State != l.state || e.State != host.StateRunning && e.State != host.StateStopping {
			s.blame(e, "it is %s", l.state)
		}
	}
	if e.Attempt != attempt {
		s.blame(e, "it should be attempt %d", attempt)
	}
	l.attempt = attempt
}

// checkEnd checks what an event tells of an attempt's end, if it does.
func (s *stream) checkEnd(l *life, e host.Event) {
	waits := e.Type == host.EventState && e.State == host.StateBackingOff
	if waits == e.Next.IsZero() {
		s.blame(e, "the next attempt is at %v", e.Next)
	}
	var failure *host.TaskError
	failed := errors.As(e.Err, &failure)
	switch {
	case failed != (e.Err != nil),
		failed && (failure.Task != e.Task || failure.Attempt != e.Attempt || failure.Mode != e.Mode),
		failed && e.State != host.StateBackingOff && e.State != host.StateFailed,
		!failed && e.State == host.StateFailed:
		s.blame(e, "its error is %#v", e.Err)
	case l.over && e.State == host.StateStopped: // while it backed off
	case waits, e.State.Ended():
		l.over = true
		s.judge(l, e, failure)
	}
}

// judge compares how an attempt ended with how it was fated to.
func (s *stream) judge(l *life, e host.Event, failure *host.TaskError) {
	outcome := succeeded
	switch {
	case failure != nil:
		outcome = failure.Outcome
	case e.State == host.StateStopped:
		outcome = stopped
	}
	s.counts[e.Mode][outcome]++
	d := draw(s.seed, e.Mode.String(), e.Task, e.Attempt)
	switch {
	case slices.Contains(d.fate.wants, outcome):
		if d.fate.name == "exit" && failure.ExitCode != exitCode {
			s.blame(e, "its status is %d", failure.ExitCode)
		}
	case outcome == stopped && l.asked:
	case outcome == host.OutcomeStopTimeout && l.asked && d.fate.name == "freeze":
	default:
		s.blame(e, "its fate was %s after %v", d.fate.name, d.life)
	}
}

// fingerprint is a hash of what an event says.
func fingerprint(e host.Event) uint64 {
	hash := fnv.New64a()
	fmt.Fprint(hash, e.Time.UnixNano(), e.Task, e.Mode, e.Attempt, e.Type, e.State, e.Cause, e.Err != nil)
	return hash.Sum64()
}

// check reports what was wrong.
func (s *stream) check(t *testing.T, name string) {
	t.Helper()
	for _, p := range s.problems {
		t.Errorf("the %s reader got this: %s", name, p)
	}
}

// wantSame sees that another reader, who may have come later, got the same.
func (s *stream) wantSame(t *testing.T, other *stream, name string) {
	t.Helper()
	other.check(t, name)
	missed := len(s.states) - len(other.states)
	if missed < 0 || other.whole == (missed > 0) || len(other.states) == 0 || !slices.Equal(s.states[max(0, missed):], other.states) {
		t.Errorf("the %s reader got %d events besides progress, the prompt one %d, and they are not the same", name, len(other.states), len(s.states))
	}
}
