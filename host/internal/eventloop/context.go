package eventloop

import "context"

// watch makes the end of a ctx wake a coroutine from its sleeps. The ctx stays
// watched from one sleep to the next, as it seldom changes.
type watch struct {
	ctx     context.Context // to be watched from the next sleep on, or nil
	unwatch func() bool     // of the ctx watched, or nil
}

// watchFor has the driver watch ctx. It is called by the coroutine.
func (c *Coroutine) watchFor(ctx context.Context) {
	if c.watch == nil {
		c.watch = new(watch)
	}
	c.watch.ctx = ctx
}

// watchContext makes the end of the ctx that c has asked for, if it has, wake c. It
// is called by the driver, whose stack, unlike c's, may well be large, and while c
// still has the loop, lest a ctx of an odd type block it unseen.
func (c *Coroutine) watchContext() {
	w := c.watch
	if w == nil || w.ctx == nil {
		return
	}
	w.end()
	w.unwatch = context.AfterFunc(w.ctx, c.Wake)
	w.ctx = nil
}

func (w *watch) end() {
	if w.unwatch != nil {
		w.unwatch()
	}
}

// sleepsInVain reports whether c is asleep although its ctx is done.
func (c *Coroutine) sleepsInVain() bool {
	if c.slot == 0 {
		return false
	}
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
