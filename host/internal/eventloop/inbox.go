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

// rouseLocked tells the driver that there is something new.
func (l *Loop) rouseLocked() {
	if !l.news.Load() {
		l.news.Store(true)
	}
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
// The driver calls it between rounds; where nothing is new it takes no lock.
func (l *Loop) refill() bool {
	for {
		l.expire()
		if l.ready.len > 0 && !l.news.Load() {
			return true
		}
		idle, over := l.collect()
		switch {
		case l.ready.len > 0:
			return true
		case over:
			return false
		case idle:
			l.wait()
		}
	}
}

// expire makes those ready whose deadline has come.
func (l *Loop) expire() {
	if l.asleep.len() == 0 {
		return
	}
	for now := l.now(); l.asleep.len() > 0 && l.asleep.first() <= now; {
		l.ready.push(l.asleep.pop())
	}
}

// collect takes in what came from outside. It reports whether the driver may wait
// for more, and whether the loop is closed and all of its coroutines have ended.
func (l *Loop) collect() (idle, over bool) {
	l.mu.Lock()
	l.ready.take(&l.inbox)
	l.cancelled, l.woken = l.woken, l.cancelled
	l.news.Store(false)
	idle = l.ready.len == 0 && len(l.woken) == 0
	l.idle = idle
	over = l.closed && l.begun == l.ended
	l.mu.Unlock()
	for _, c := range l.woken {
		if c.sleepsInVain() {
			l.asleep.remove(c)
			l.ready.push(c)
		}
	}
	clear(l.woken)
	l.woken = l.woken[:0]
	return idle, over
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
