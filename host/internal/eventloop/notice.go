package eventloop

import (
	"context"
	"time"
)

// notice tells coroutines to leave the loop rather than hold it.
type notice struct {
	ctx  context.Context // until when
	from time.Time
}

// Notice takes c off its loop, as [Coroutine.Orphan] does, as soon as c has held it
// for [BlockedAfter], from half of the time to ctx's deadline on until ctx ends: for
// coroutines that should end by then, of which one must not keep the others from it.
// If ctx has no deadline, it does nothing. The same ctx is best given to coroutines
// one after the other: they share what is kept of it.
//
// It may be called from any goroutine; the last call counts.
func (c *Coroutine) Notice(ctx context.Context) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return
	}
	l := c.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.notice == nil || l.notice.ctx != ctx {
		l.notice = &notice{ctx, time.Now().Add(time.Until(deadline)/2 + BlockedAfter)}
	}
	c.notice = l.notice
}

// mustLeave reports whether c, which has held the loop for long, was told not to.
func (c *Coroutine) mustLeave() bool {
	c.loop.mu.Lock()
	n := c.notice
	c.loop.mu.Unlock()
	return n != nil && n.ctx.Err() == nil && !time.Now().Before(n.from)
}
