package eventloop

import "time"

// BlockedAfter is how long a step may hold the loop before Config.Blocked is
// told. The loop is looked at every tenth of it, so that the report comes
// between 100 and 110 ms after the step began.
const BlockedAfter = 100 * time.Millisecond

// What the watcher knows of the step that goes on, or was the last. So that a step
// costs the driver one load where nobody has looked, it is the watcher who counts.
const (
	unwatched uint32 = iota // nothing: nobody looks
	fresh                   // nothing yet: the step is new
	seen                    // the step was there when the watcher looked last
)

// refresh is called by the driver when it has begun a step, unless l.look is fresh.
func (l *Loop) refresh() {
	if l.look.Swap(fresh) == unwatched {
		select {
		case l.busy <- struct{}{}:
		default:
		}
	}
}

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

// observe looks at the loop until it is idle, and sees to steps that hold it.
func (l *Loop) observe() {
	ticker := time.NewTicker(BlockedAfter / 10)
	defer ticker.Stop()
	var step sighting
	for {
		select {
		case <-ticker.C:
		case <-l.done:
			return
		}
		// The driver sets the holder and then looks at look; the watcher, before it
		// goes, does this the other way round: no step can slip through.
		switch holder := l.holder.Load(); {
		case l.look.CompareAndSwap(fresh, seen), holder != nil && holder != step.holder:
			step = sighting{holder: holder, since: time.Now()}
		case holder != nil:
			l.oversee(&step)
		case l.look.CompareAndSwap(seen, unwatched):
			if l.holder.Load() == nil || !l.look.CompareAndSwap(unwatched, fresh) {
				return // or the driver has rung
			}
		}
	}
}

// sighting is a step that the watcher looks at.
type sighting struct {
	holder   *Coroutine // nil: it was over already
	since    time.Time
	reported bool
}

// oversee reports the step if it holds the loop, and ends that if others need it.
func (l *Loop) oversee(step *sighting) {
	c, held := step.holder, time.Since(step.since)
	if held < BlockedAfter {
		return
	}
	if !step.reported && l.blocked != nil && l.reporting.CompareAndSwap(false, true) {
		step.reported = true
		l.watcher.Go(func() { // ends with the report
			defer l.reporting.Store(false)
			l.blocked(c.Name(), held, c.stack())
		})
	}
	if c.mustLeave() {
		c.Orphan()
	}
}
