package eventloop

import "time"

// BlockedAfter is how long a step may hold the loop before Config.Blocked is
// told. The loop is looked at every tenth of it, so that the report comes
// between 100 and 110 ms after the step began.
const BlockedAfter = 100 * time.Millisecond

// watch is the watcher. It looks at the loop while there is something to see, so
// that an idle loop costs nothing, and ends when the loop does.
func (l *Loop) watch() {
	for {
		select {
		case <-l.busy:
			l.observe()
		case <-l.done:
			return
		}
	}
}

// startWatching is called by the driver when it has begun a step unwatched.
func (l *Loop) startWatching() {
	l.watching.Store(true)
	select {
	case l.busy <- struct{}{}:
	default:
	}
}

// observe looks at the loop until it is idle, and reports steps that hold it.
func (l *Loop) observe() {
	ticker := time.NewTicker(BlockedAfter / 10)
	defer ticker.Stop()
	var (
		step     uint64 // the newest one seen
		since    time.Time
		reported bool
	)
	for {
		select {
		case <-ticker.C:
		case <-l.done:
			return
		}
		holder, current := l.holder.Load(), l.steps.Load()
		switch {
		case current != step:
			step, since, reported = current, time.Now(), false
		case holder == nil:
			// The driver counts a step before it looks at watching, and this
			// is the other way round: none can slip through.
			l.watching.Store(false)
			if l.steps.Load() == step {
				return
			}
			l.watching.Store(true)
		case !reported && time.Since(since) >= BlockedAfter:
			reported = true
			l.blocked(holder.name, time.Since(since), holder.stack())
		}
	}
}
