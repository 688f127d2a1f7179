// Package eventloop runs many coroutines on one event loop, one at a time. It is
// the async mode's loop; it knows nothing of tasks, but gives each coroutine a
// [task.Scheduler].
//
// A coroutine runs on an iter.Pull: a goroutine that the runtime switches to and
// from directly. It has the loop from the moment it is resumed until it sleeps,
// awaits, yields or ends; such a stretch is a step.
//
// # Goroutines
//
//   - The driver resumes coroutines, and is itself parked while one has the loop.
//     It ends when the loop is closed and nothing is left to run. It is replaced
//     by a new one if a coroutine calls runtime.Goexit, which ends whoever resumed
//     the coroutine too, and if [Coroutine.Orphan] takes the holder off: the old
//     driver then stays parked behind the orphan and ends with it.
//   - One goroutine a coroutine, iter.Pull's, from its first step to its end. Up to
//     64 of them wait for another coroutine then, until the loop ends.
//   - One goroutine an Await, for as long as the awaited function runs.
//   - The watcher ends with the driver, and so does Config.Blocked's, which it starts.
//   - context.AfterFunc starts one for a moment when the ctx of a sleeper is done,
//     unless that is its body's own.
//
// [Loop.Close] waits for the first four of these, orphans excepted.
//
// # Limits
//
// A coroutine that has locked its thread (runtime.LockOSThread) must unlock it
// before it sleeps, awaits, yields or ends: the runtime ends the process
// otherwise. Await's function may lock its own.
package eventloop

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Config is what [New] takes. Its zero value is valid.
type Config struct {
	// Blocked is called once for each step that holds the loop for longer than
	// [BlockedAfter], while it still does or just after: with the coroutine's
	// name, how long it has been seen to hold the loop, and its stack as text, or
	// "" if it has ended meanwhile. In a program of more than 2000 goroutines the
	// stack is an aggregate one, without arguments, and stacks of coroutines that
	// hold other loops, or were taken off theirs, may stand beside it.
	//
	// It is called from a goroutine that does nothing else, one call at a time, may
	// block, and may call [Coroutine.Orphan], but not [Loop.Close]. nil: nobody is told.
	Blocked func(name string, held time.Duration, stack string)
}

// Loop is an event loop. Make it with [New] and end it with [Loop.Close].
//
// Fields up to holder belong to the driver. While a coroutine has the loop, the
// driver is parked and they belong to whoever takes the holder away: the driver
// itself when it is resumed, or Orphan, which hands them to a new driver.
type Loop struct {
	ready  queue        // whose turn comes, in order
	asleep timers       // who sleeps, by deadline
	woken  []*Coroutine // the driver's half of cancelled
	spare  []*worker    // those that have no coroutine
	ended  int          // coroutines that ended or were taken off
	timer  *time.Timer  // wakes an idle driver at the next deadline

	// holder is the coroutine that has the loop, or nil. The driver sets it
	// before a step. To change it from c back to nil, by compare-and-swap, is to
	// own the loop; exactly one of the driver and Orphan can.
	holder atomic.Pointer[Coroutine]
	look   atomic.Uint32 // what the watcher knows of the step; see watch.go
	news   atomic.Bool   // there is something under mu for the driver; written under mu

	started   time.Time // what deadlines count from; never changes
	blocked   func(name string, held time.Duration, stack string)
	reporting atomic.Bool   // blocked is being called
	busy      chan struct{} // capacity 1: tells the watcher to begin looking
	wake      chan struct{} // capacity 1: tells an idle driver to look at the inbox
	done      chan struct{} // closed by the last driver
	watcher   sync.WaitGroup

	mu        sync.Mutex   // never held while a coroutine runs; guards what follows
	inbox     queue        // new coroutines, and those whose Await is over
	cancelled []*Coroutine // those whose ctx is done
	notice    *notice      // the newest
	begun     int          // coroutines that were started
	idle      bool         // the driver waits, or is about to, for wake
	closed    bool
}

// New starts a loop. The caller ends it with [Loop.Close].
func New(config Config) *Loop {
	l := &Loop{
		timer:   time.NewTimer(0),
		started: time.Now(),
		blocked: config.Blocked,
		busy:    make(chan struct{}, 1),
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	l.watcher.Go(l.watch)
	go l.drive()
	return l
}

// Go runs f as a coroutine of the loop, when its turn comes. s serves f's own
// coroutine; on any other goroutine, such as one that f starts, its methods are
// the plain blocking ones. The name is for reports and need not be unique.
//
// Go never blocks and may be called from any goroutine, a coroutine's included.
// After [Loop.Close] it returns nil and does not run f.
//
// f should guard against its own panics, for instance by [task.Guard]: one that
// leaves f ends the program, as on any goroutine. A runtime.Goexit in f ends the
// coroutine alone. What must be known of f's end, f tells in deferred calls.
func (l *Loop) Go(name string, f func(s task.Scheduler)) *Coroutine {
	r := &routine{name: name, f: f}
	if !l.Start(&r.Coroutine, r) {
		return nil
	}
	return &r.Coroutine
}

// routine is a Coroutine that Go makes, and its Body.
type routine struct {
	Coroutine
	name string
	f    func(task.Scheduler)
}

func (r *routine) Name() string           { return r.name }
func (r *routine) Run(s task.Scheduler)   { r.f(s) }
func (*routine) Context() context.Context { return nil }
func (r *routine) Gone()                  { r.f = nil }

// Start is Go for who has a place for the coroutine, which must be zero, and a
// [Body]. It reports false after Close.
func (l *Loop) Start(c *Coroutine, b Body) bool {
	c.loop, c.body = l, b
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.begun++
	l.inbox.push(c)
	l.rouseLocked()
	return true
}

// Close refuses further coroutines and returns once all have ended, except those
// that were taken off the loop, and the loop's own goroutines are gone. It may be
// called any number of times and from any goroutine but a coroutine of the loop.
func (l *Loop) Close() {
	l.mu.Lock()
	l.closed = true
	l.rouseLocked()
	l.mu.Unlock()
	<-l.done
	l.watcher.Wait()
}

// Holder is the coroutine that has the loop at this instant, or nil. It may be
// called from any goroutine.
func (l *Loop) Holder() *Coroutine { return l.holder.Load() }

// drive is the driver. It ends when nothing is left to run on a closed loop, or
// when the loop was taken from it.
func (l *Loop) drive() {
	var c *Coroutine
	defer func() {
		switch { // Only a Goexit in c leaves c. Nothing can keep it from ending this goroutine as well.
		case c == nil:
		case l.holder.CompareAndSwap(c, nil):
			l.bury(c)
			go l.drive()
		default:
			c.body.Gone()
		}
	}()
	for l.refill() {
		// A round: those who are ready now, each once. What becomes ready
		// meanwhile waits for the next.
		for n := l.ready.len; n > 0; n-- {
			c = l.ready.pop()
			if c.worker == nil {
				l.hire(c)
			}
			c.last = len(l.spare) >= maxSpare
			l.holder.Store(c)
			// From here the fields of the loop may be another driver's.
			if l.look.Load() != fresh {
				l.refresh()
			}
			// That is called here, and not in a function of its own: whoever returns
			// after a switch of stacks does so slower, as no processor foresees where to.
			_, alive := c.worker.next()
			if alive && c.op == opSleep {
				c.watchContext()
			}
			if !l.holder.CompareAndSwap(c, nil) {
				l.lose(c, alive)
				c = nil
				return
			}
			// The loop is this driver's again.
			if alive && c.op == opYield {
				l.ready.push(c)
			} else {
				l.suspended(c, alive)
			}
		}
		c = nil
	}
	l.dismiss()
	close(l.done)
}

// lose sees the end of c, which was taken off while it had the loop, which has another
// driver now.
func (l *Loop) lose(c *Coroutine, alive bool) {
	if alive {
		w := c.worker
		c.orphan, c.last = true, true
		if c.op == opEnd {
			w.c = nil
		}
		w.end() // an orphan does not suspend
	}
	c.body.Gone()
}

// suspended does what c has given the loop back for, other than to yield.
func (l *Loop) suspended(c *Coroutine, alive bool) {
	w := c.worker
	switch {
	case !alive:
		l.bury(c)
	case c.op == opEnd:
		l.bury(c)
		l.release(w)
	case c.op == opAwait:
		go l.await(c)
	default:
		l.asleep.push(c, w.wakeAt)
	}
}

// bury counts c as ended and drops what its callers' references should not keep.
func (l *Loop) bury(c *Coroutine) {
	l.ended++
	c.worker, c.watched = nil, nil
	c.body.Gone()
}

// await runs what c waits for, and ends when that does.
func (l *Loop) await(c *Coroutine) {
	defer l.post(c) // deferred, as a Goexit must not lose it
	c.await()
}

// now is the time on the loop's own clock, which does not jump.
func (l *Loop) now() time.Duration { return time.Since(l.started) }
