package eventloop

import "context"

// watched is a ctx whose end ends sleeps. It stays watched from one sleep to the next, as
// it seldom changes.
type watched struct {
	next    context.Context // of the sleep that begins, until it has
	done    <-chan struct{} // of the ctx that is watched
	unwatch func() bool     // nil: none is
}

// sleepUnder tells the driver of which ctx the end ends the sleep that c begins.
func (c *Coroutine) sleepUnder(ctx context.Context) op {
	if own := c.body.Context(); own != nil && ctx == own {
		return opSleepOwn
	}
	if c.watched == nil {
		c.watched = new(watched)
	}
	c.watched.next = ctx
	return opSleep
}

// watchContext makes the end of the ctx of c's sleep wake c. It is called by the
// driver, whose stack may well be large: c's shall not grow beyond the 2 KB that Go
// begins with. And it is called while c still has the loop, lest a ctx of an odd type
// block it unseen.
func (c *Coroutine) watchContext() {
	w := c.watched
	ctx := w.next
	w.next = nil
	done := ctx.Done()
	if done == w.done {
		return
	}
	w.stop()
	w.done, w.unwatch = done, context.AfterFunc(ctx, c.Wake)
}

func (w *watched) stop() {
	if w.unwatch != nil {
		w.unwatch()
	}
}

// sleepsInVain reports whether c is asleep although its ctx is done.
func (c *Coroutine) sleepsInVain() bool {
	switch {
	case c.slot == 0:
		return false
	case c.op == opSleepOwn:
		return c.body.Context().Err() != nil // asks for no channel, which nobody may have needed
	}
	select {
	case <-c.watched.done:
		return true
	default:
		return false
	}
}
