package host

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// What the runner watches of an attempt that runs: signs of life, and whether it
// is up.

// watchLocked begins to wait for signs of life, which is anything that the task says,
// and until it is up.
func (t *try) watchLocked() {
	if t.job.watchdog > 0 || t.job.ready.polls() {
		t.watched, t.release = context.WithCancel(t.runner.ctx)
	}
	if d := t.job.watchdog; d > 0 {
		t.due = time.Now().Add(d / 2)
		t.watchdog = time.AfterFunc(d/2, t.checkSigns)
	}
	t.awaitReadyLocked()
}

// lookLocked has checkSigns look again in d.
func (t *try) lookLocked(d time.Duration) {
	t.due = time.Now().Add(d)
	t.watchdog.Reset(d)
}

// checkSigns ends an attempt that has been silent for too long, and else looks
// again when it would be. Half-way it asks where the attempt runs whether that is
// alive, to tell a task that is stuck from a process that is.
//
// A look that comes late says that this process itself stood still: a terminal or a
// debugger had stopped it, or others had the processors. What the task said meanwhile
// is on its way, and gets half of the limit to arrive, once after each sign of life.
func (t *try) checkSigns() {
	r, limit := t.runner, t.job.watchdog
	r.mu.Lock()
	silent, late := time.Since(t.sign), time.Since(t.due) > limit/4
	forgive := late && !t.forgiven.Equal(t.sign)
	switch {
	case t.over:
		r.mu.Unlock()
		return
	case silent < limit/2:
		t.pinged = false
		t.lookLocked(limit/2 - silent)
		r.mu.Unlock()
		return
	case silent < limit || forgive:
		wait := limit - silent
		if forgive {
			t.forgiven, t.pinged, wait = t.sign, false, limit/2
		}
		if t.pinged {
			t.lookLocked(wait)
			r.mu.Unlock()
			return
		}
		t.pinged, t.pong = true, ""
		t.due = time.Now().Add(wait)
		r.enforcing++
		r.mu.Unlock()
		t.ping(wait)
		r.disengage()
		return
	}
	err := fmt.Errorf("it showed no sign of life for %v%s", limit, t.pong)
	r.mu.Unlock()
	t.expire(verdict{outcome: OutcomeUnresponsive, err: err, force: true})
}

// ping notes what is known of where the attempt runs, and has checkSigns look again
// when it is due: not before ping knows.
func (t *try) ping(d time.Duration) {
	ctx, cancel := context.WithTimeout(t.watched, d*9/10)
	defer cancel()
	pong := t.execution.ping(ctx)
	t.runner.mu.Lock()
	defer t.runner.mu.Unlock()
	if !t.over {
		t.pong = pong
		t.watchdog.Reset(time.Until(t.due))
	}
}

// awaitReadyLocked begins to wait until the task is up: by its own word, or by the
// host's check.
func (t *try) awaitReadyLocked() {
	c := t.job.ready
	if c.timeout > 0 {
		t.timers = append(t.timers, time.AfterFunc(c.timeout, t.notReady))
	}
	if !c.polls() {
		return
	}
	t.runner.enforcing++
	go func() { // ends when the task is up, or over
		if c.check.Await(t.watched) == nil {
			t.up()
		}
		t.runner.disengage()
	}()
}

// notReady ends an attempt that should be up by now.
func (t *try) notReady() {
	if locked(t.Handle, func() bool { return t.ready }) {
		return
	}
	how := "it has not called task.Ready"
	if t.job.ready.checks() {
		how = "waiting for " + t.job.ready.check.String()
	}
	t.expire(verdict{
		outcome: OutcomeTimedOut,
		err:     fmt.Errorf("it was not ready within %v: %s", t.job.ready.timeout, how),
	})
}

// up says that a check of the host has passed.
func (t *try) up() {
	t.runner.mu.Lock()
	defer t.runner.mu.Unlock()
	t.upLocked()
}

// upLocked makes the attempt ready. A plugin's log may be quicker than its word
// that the task runs.
func (t *try) upLocked() {
	if t.over || t.ready || t.asked {
		return
	}
	if t.running.IsZero() {
		t.early = true
		return
	}
	t.ready = true
	t.wasReady = true
	t.emitLocked(Event{Type: EventReady})
	t.wakeDependentsLocked()
}

// watchedLogger is where the task's log goes if someone watches what it logs, or nil.
func (t *try) watchedLogger() *slog.Logger {
	pattern := t.job.ready.check.Log
	if pattern == nil && t.job.watchdog == 0 {
		return nil
	}
	saw := func(message string) {
		matches := pattern != nil && pattern.MatchString(message)
		t.report(func() {
			if matches {
				t.upLocked()
			}
		})
	}
	return slog.New(observer{t.runner.taskLogger(t.job).Handler(), saw})
}

// observer shows the messages of log records, of any level, to saw.
type observer struct {
	next slog.Handler
	saw  func(message string)
}

// Enabled implements slog.Handler.
func (o observer) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (o observer) Handle(ctx context.Context, r slog.Record) error {
	o.saw(r.Message)
	if !o.next.Enabled(ctx, r.Level) {
		return nil
	}
	return o.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (o observer) WithAttrs(attrs []slog.Attr) slog.Handler {
	return observer{o.next.WithAttrs(attrs), o.saw}
}

// WithGroup implements slog.Handler.
func (o observer) WithGroup(name string) slog.Handler { return observer{o.next.WithGroup(name), o.saw} }
