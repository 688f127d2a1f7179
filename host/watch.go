package host

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// What the runner watches of an attempt that runs: signs of life, and whether it
// is up.

// watch is what is watched of an attempt.
type watch struct {
	logger  func() *slog.Logger // nil if nobody watches what it logs; final
	running time.Time           // when its Run was called; zero before
	sign    time.Time           // when it last showed a sign of life
	timers  []*time.Timer       // that end with it
	watched context.Context     // ends with it; for what watches it
	release func()              // ends watched, or nil

	watchdog *time.Timer // or nil
	due      time.Time   // when it should fire
	forgiven time.Time   // the sign of life after which it fired too late, and that was forgiven
	pinged   bool        // since its last sign of life
	pong     string      // what came of it, to be added to a message
}

// close ends what was begun for it.
func (w *watch) close() {
	for _, timer := range w.timers {
		timer.Stop()
	}
	if w.watchdog != nil {
		w.watchdog.Stop()
	}
	if w.release != nil {
		w.release()
	}
}

// watchLocked begins to wait for signs of life, which is anything that the task says,
// and until it is up.
func (t *try) watchLocked() {
	t.watch.running = time.Now()
	t.watch.sign = t.watch.running
	if t.job.watchdog > 0 || t.job.ready.polls() {
		t.watch.watched, t.watch.release = context.WithCancel(t.runner.ctx)
	}
	if d := t.job.watchdog; d > 0 {
		t.watch.due = time.Now().Add(d / 2)
		t.watch.watchdog = time.AfterFunc(d/2, t.checkSigns)
	}
	t.awaitReadyLocked()
}

// lookLocked has checkSigns look again in d.
func (t *try) lookLocked(d time.Duration) {
	t.watch.due = time.Now().Add(d)
	t.watch.watchdog.Reset(d)
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
	r.lock()
	silent, late := time.Since(t.watch.sign), time.Since(t.watch.due) > limit/4
	forgive := late && !t.watch.forgiven.Equal(t.watch.sign)
	switch {
	case t.over:
		r.unlock()
		return
	case silent < limit/2:
		t.watch.pinged = false
		t.lookLocked(limit/2 - silent)
		r.unlock()
		return
	case silent < limit || forgive:
		wait := limit - silent
		if forgive {
			t.watch.forgiven, t.watch.pinged, wait = t.watch.sign, false, limit/2
		}
		if t.watch.pinged {
			t.lookLocked(wait)
			r.unlock()
			return
		}
		t.watch.pinged, t.watch.pong = true, ""
		t.watch.due = time.Now().Add(wait)
		r.enforcing++
		r.unlock()
		t.ping(wait)
		r.disengage()
		return
	}
	err := fmt.Errorf("it showed no sign of life for %v%s", limit, t.watch.pong)
	r.unlock()
	t.expire(verdict{outcome: OutcomeUnresponsive, err: err, force: true})
}

// ping notes what is known of where the attempt runs, and has checkSigns look again
// when it is due: not before ping knows.
func (t *try) ping(d time.Duration) {
	ctx, cancel := context.WithTimeout(t.watch.watched, d*9/10)
	defer cancel()
	pong := t.execution.ping(ctx)
	t.runner.lock()
	defer t.runner.unlock()
	if !t.over {
		t.watch.pong = pong
		t.watch.watchdog.Reset(time.Until(t.watch.due))
	}
}

// awaitReadyLocked begins to wait until the task is up: by its own word, or by the
// host's check.
func (t *try) awaitReadyLocked() {
	c := t.job.ready
	if c.timeout > 0 {
		t.watch.timers = append(t.watch.timers, time.AfterFunc(c.timeout, t.notReady))
	}
	if !c.polls() {
		return
	}
	check := c.check
	if len(check.Exec) > 0 {
		check.Keeper = t.runner.keeperLocked()
	}
	t.runner.enforcing++
	go func() { // ends when the task is up, or over
		if check.Await(t.watch.watched) == nil {
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
	t.runner.lock()
	defer t.runner.unlock()
	t.upLocked()
}

// upLocked makes the attempt ready. A plugin's log may be quicker than its word
// that the task runs.
func (t *try) upLocked() {
	if t.over || t.ready || t.asked {
		return
	}
	if !t.runs {
		t.early = true
		return
	}
	t.ready = true
	t.wasReady = true
	t.emitLocked(Event{Type: EventReady})
	t.wakeDependentsLocked()
}

// watchedLogger is where the task's log goes if someone watches what it logs, or nil. It
// is made when it is asked for: to make a logger is to run code that is not ours, which
// the runner's lock must not see.
func (t *try) watchedLogger() func() *slog.Logger {
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
	return sync.OnceValue(func() *slog.Logger {
		return slog.New(observer{t.log().Handler(), saw})
	})
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
