package eventloop

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Coroutine is one coroutine of a [Loop]; [Loop.Go] makes it, or [Loop.Start] makes
// one of a zero Coroutine.
//
// There may be a million, so that every field counts. Where nothing else is
// said, a field is touched by the coroutine while it has the loop, and by the
// driver otherwise.
type Coroutine struct {
	loop   *Loop   // final from Start on
	body   Body    // final from Start on
	worker *worker // from its first step to its end

	await   func()   // opAwait: for the end of what
	watched *watched // the ctx of its sleeps, unless that is its body's; or nil

	link     *Coroutine // the next in its queue; the queue's owner's
	notice   *notice    // to leave the loop if it must, or nil; under the loop's mu
	slot     int32      // its place among the sleepers; the driver's
	op       op         // what it suspends for
	last     bool       // its worker ends with it
	orphan   bool       // it has learned that it was taken off
	takenOff bool       // under the loop's mu
}

// Body is what a coroutine does.
type Body interface {
	// Name is for reports and need not be unique. It is called from any goroutine.
	Name() string
	// Run is the coroutine. s serves it alone; see [Loop.Go].
	Run(s task.Scheduler)
	// Context is an ordinary ctx of the coroutine's own, or nil: who ends it calls
	// [Coroutine.Wake] next. Of the end of another ctx the coroutine is told by the
	// package context, which keeps a list. It is called before a sleep and in one.
	Context() context.Context
	// Gone is called once, when Run has ended, and the coroutine with it, by a goroutine
	// of the loop: what takes much of a stack is better done here, as a coroutine that
	// has waited on a small one would have it copied for that. It must not block.
	Gone()
}

type op uint8

const (
	opYield    op = iota
	opSleep       // under a ctx that is watched
	opSleepOwn    // under the body's ctx
	opAwait
	opEnd
)

// Name is the body's name, or the one given to [Loop.Go].
func (c *Coroutine) Name() string { return c.body.Name() }

// Scheduler is what c's body gets.
func (c *Coroutine) Scheduler() task.Scheduler { return (*scheduler)(c) }

// Wake ends c's Sleep, if c sleeps under a ctx that is done. It may be called from any
// goroutine.
func (c *Coroutine) Wake() { c.loop.cancel(c) }

// Orphan takes c off its loop if c has the loop at this instant: the loop goes on
// with the others at once, and c goes on too, beside them, as a plain goroutine
// whose Sleep, Await and Yield are the plain ones and which [Loop.Close] does not
// wait for. Orphan reports whether c has been taken off, now or before. If c is
// suspended or has ended, it reports false and changes nothing. It may be called
// from any goroutine, c's own included.
func (c *Coroutine) Orphan() bool {
	l := c.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.takenOff {
		return true
	}
	if !l.holder.CompareAndSwap(c, nil) {
		return false
	}
	c.takenOff = true
	l.ended++ // the loop is ours until there is a driver
	go l.drive()
	return true
}

// main is the coroutine. The watcher finds its stack by this function's name and
// argument in a traceback.
//
//go:noinline
func (c *Coroutine) main() {
	defer c.end()
	c.body.Run((*scheduler)(c))
	runtime.KeepAlive(c) // in its argument
}

// end is what happens last on c, however it ends.
func (c *Coroutine) end() {
	if c.watched != nil {
		c.watched.stop()
	}
	if p := recover(); p != nil {
		c.loop.holder.CompareAndSwap(c, nil) // so that no driver goes on meanwhile
		panic(fmt.Sprintf("coroutine %q: %v\n\n%s", c.Name(), p, debug.Stack()))
	}
}

// mine reports whether the caller is the coroutine c itself, and on its loop. A
// task may well hand its ctx to goroutines of its own; were one of these to
// suspend c in its stead, the process would break. Go tells no goroutine who it
// is, but has this one flag that each goroutine owns, that is off in new ones,
// and that costs two nanoseconds. (That a fault at a bad address is a panic of
// the coroutine then, rather than the end of the process, is welcome.)
func (c *Coroutine) mine() bool {
	if c.loop.holder.Load() != c {
		return false
	}
	if debug.SetPanicOnFault(true) {
		return true
	}
	debug.SetPanicOnFault(false)
	return false
}

// suspend gives the loop back until c.op is done. It reports false if c had been
// taken off the loop before: op was not done then.
func (c *Coroutine) suspend(op op) bool {
	c.op = op
	c.worker.yield(struct{}{})
	return !c.orphan
}

// scheduler is a Coroutine as its own body sees it.
type scheduler Coroutine

var _ task.Scheduler = (*scheduler)(nil)

// Sleep gives the loop to others for d, or until ctx is done, at least once.
func (s *scheduler) Sleep(ctx context.Context, d time.Duration) {
	c := (*Coroutine)(s)
	switch {
	case !c.mine():
		sleep(ctx, d)
	case d <= 0 || ctx.Err() != nil:
		c.suspend(opYield)
	default:
		c.worker.wakeAt = add(c.loop.now(), d)
		if !c.suspend(c.sleepUnder(ctx)) {
			sleep(ctx, d)
		}
	}
}

// Await runs f on a goroutine of its own and gives the loop to others meanwhile.
func (s *scheduler) Await(f func()) {
	c := (*Coroutine)(s)
	if !c.mine() {
		f()
		return
	}
	c.await = f
	if !c.suspend(opAwait) {
		f()
	}
	c.await = nil
}

// Yield lets all others who are ready have a turn.
func (s *scheduler) Yield() {
	if c := (*Coroutine)(s); c.mine() {
		c.suspend(opYield)
	}
}

// sleep is Sleep off the loop.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// add is a+b, or the end of time. Both must not be negative.
func add(a, b time.Duration) time.Duration {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}
