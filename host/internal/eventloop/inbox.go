package eventloop

// post makes c ready again, from outside the loop.
func (l *Loop) post(c *Coroutine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inbox.push(c)
	l.rouseLocked()
}

// cancel wakes c, from outside the loop, if it sleeps under a ctx that is done.
func (l *Loop) cancel(c *Coroutine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancelled = append(l.cancelled, c)
	l.rouseLocked()
}

// rouseLocked tells the driver that there is something new, if it is waiting.
func (l *Loop) rouseLocked() {
	if !l.idle {
		return
	}
	l.idle = false
	select {
	case l.wake <- struct{}{}:
	default: // it is told already
	}
}

// refill moves who has become ready to the back of the ready queue, and waits
// until there is somebody. It reports false once there will be nobody any more.
// The driver calls it between rounds.
func (l *Loop) refill() bool {
	for {
		l.expire()
		over := l.collect()
		switch {
		case l.ready.len > 0:
			return true
		case over:
			return false
		}
		l.wait()
	}
}

// expire makes those ready whose deadline has come.
func (l *Loop) expire() {
	if l.asleep.len() == 0 {
		return
	}
	for now := l.now(); l.asleep.len() > 0 && l.asleep.first() <= now; {
		l.ready.push(l.asleep.remove(0))
	}
}

// collect empties the inbox, and reports whether the loop is closed and all of
// its coroutines have ended.
func (l *Loop) collect() (over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready.take(&l.inbox)
	for _, c := range l.cancelled {
		if c.sleepsInVain() {
			l.ready.push(l.asleep.remove(int(c.slot) - 1))
		}
	}
	clear(l.cancelled)
	l.cancelled = l.cancelled[:0]
	l.idle = l.ready.len == 0
	return l.closed && l.begun == l.ended
}

// wait parks the driver until it is told of something new or a deadline comes.
func (l *Loop) wait() {
	if l.asleep.len() == 0 {
		<-l.wake
		return
	}
	l.timer.Reset(l.asleep.first() - l.now())
	select {
	case <-l.wake:
	case <-l.timer.C:
	}
}
