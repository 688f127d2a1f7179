package eventloop

import (
	"context"
	"iter"
	"runtime/debug"
	"runtime/pprof"
	"time"
)

// maxSpare is how many workers a loop keeps for coroutines to come.
const maxSpare = 64

// worker is an iter.Pull: what a coroutine runs on from its first step to its end.
// Then the worker is kept for another one, as to make it takes longer than the
// whole life of a short coroutine, and its stack has grown to what tasks need.
//
// Its fields are touched by the coroutine while it has the loop, and by the driver
// otherwise.
type worker struct {
	next   func() (struct{}, bool) // resumes it; the driver's
	yield  func(struct{}) bool     // suspends it
	c      *Coroutine              // whose worker it is, or nil
	wakeAt time.Duration           // until when c sleeps, on the loop's clock, when it begins to
}

// hire makes c a worker. It is called by the driver when c's turn comes, not
// earlier: so c takes the place of one that has ended meanwhile.
func (l *Loop) hire(c *Coroutine) {
	n := len(l.spare)
	if n == 0 {
		w := new(worker)
		w.next, _ = iter.Pull(w.main)
		w.c, c.worker = c, w
		return
	}
	w := l.spare[n-1]
	l.spare[n-1] = nil
	l.spare = l.spare[:n-1]
	w.c, c.worker = c, w
}

// release keeps the worker of c, which has ended, for others.
func (l *Loop) release(w *worker) {
	w.c = nil
	l.spare = append(l.spare, w)
}

// dismiss ends the workers that wait for coroutines.
func (l *Loop) dismiss() {
	for _, w := range l.spare {
		w.end()
	}
	l.spare = nil
}

// end resumes the worker, which has no coroutine or its last, until it has ended.
func (w *worker) end() {
	for alive := true; alive; {
		_, alive = w.next()
	}
}

// main is what iter.Pull calls, once. It gives way when a coroutine has ended.
func (w *worker) main(yield func(struct{}) bool) {
	w.yield = yield
	for w.c != nil {
		debug.SetPanicOnFault(true)                    // marks the goroutine: see mine
		pprof.SetGoroutineLabels(context.Background()) // lest it has those of the coroutine before
		w.c.main()
		if w.c.last {
			return
		}
		w.c.op = opEnd
		yield(struct{}{})
	}
}
