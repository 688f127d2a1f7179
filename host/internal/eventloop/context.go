package eventloop

import "context"

// watchContext makes the end of the ctx of c's sleep wake c. It is called by the
// driver, whose stack may well be large: c's shall not grow beyond the 2 KB that Go
// begins with, and already Done makes a channel. And it is called while c still has
// the loop, lest a ctx of an odd type block it unseen.
func (c *Coroutine) watchContext() {
	ctx := c.ctx
	c.ctx = nil
	done := ctx.Done()
	if done == c.done {
		return
	}
	c.done = done
	if done == c.body.Done() {
		return
	}
	if c.unwatch != nil {
		c.unwatch()
	}
	c.unwatch = context.AfterFunc(ctx, c.Wake)
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
