package eventloop

import "context"

// watchContext makes the end of the ctx of c's sleep wake c. It is called by the
// driver, whose stack may well be large: c's shall not grow beyond the 2 KB that Go
// begins with. And it is called while c still has the loop, lest a ctx of an odd type
// block it unseen.
func (c *Coroutine) watchContext() {
	ctx := c.ctx
	if c.body.Owns(ctx) {
		return
	}
	c.ctx = nil
	done := ctx.Done()
	if done == c.done {
		return
	}
	if c.unwatch != nil {
		c.unwatch()
	}
	c.done, c.unwatch = done, context.AfterFunc(ctx, c.Wake)
}

// sleepsInVain reports whether c is asleep although its ctx is done.
func (c *Coroutine) sleepsInVain() bool {
	switch {
	case c.slot == 0:
		return false
	case c.ctx != nil:
		return c.ctx.Err() != nil // asks for no channel, which nobody may have needed
	}
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
