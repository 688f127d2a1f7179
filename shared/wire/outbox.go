package wire

import (
	"errors"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// pause is how long after a sign of a task the next is sent at the earliest, unless
// it has something else to say: a host shows 200 of them in a second no better than
// these, and a task that reports each step of a loop floods nobody.
const pause = 5 * time.Millisecond

// outbox is what a task says, on its way to the host: messages in order, and between
// them its signs, progress and heartbeats, of which the newest is kept while it waits.
// It holds one message; one that the stream does not take blocks who says the next,
// but not who gives a sign.
type outbox struct {
	stream interface {
		Send(*taskpb.RunResponse) error
	}

	sending sync.Mutex  // a stream takes one Send at a time
	silent  bool        // nothing is sent any more: the last word was
	timer   *time.Timer // ends the pause; nil before the first sign

	mu       sync.Mutex // not held while sending: a sign does not wait
	progress progress   // the newest, if it was not sent
	beat     bool       // a heartbeat came after it, and was not sent
	resting  bool       // signs wait for the end of the pause
}

// progress is what a task reports of its work. As long as it waits it is a value, so
// that a report which another replaces allocates nothing.
type progress struct {
	set         bool
	done, total int64
	message     string
}

// giveProgress sends progress, or keeps it for the end of the pause.
func (o *outbox) giveProgress(p progress) {
	o.give(func() { o.progress, o.beat = p, false }) // it is a heartbeat too
}

// giveHeartbeat sends a heartbeat, or keeps it for the end of the pause.
func (o *outbox) giveHeartbeat() { o.give(func() { o.beat = true }) }

func (o *outbox) give(keep func()) {
	o.mu.Lock()
	keep()
	rests := o.resting
	o.resting = true
	o.mu.Unlock()
	if !rests {
		o.sendSigns()
	}
}

// sendSigns sends the signs that wait, and begins a pause.
func (o *outbox) sendSigns() {
	o.sending.Lock()
	defer o.sending.Unlock()
	if o.silent {
		return
	}
	_ = o.flushLocked() // if the host is gone, listen sees it
	if o.timer == nil {
		o.timer = time.AfterFunc(pause, o.endPause) // on a goroutine that ends with it
	} else {
		o.timer.Reset(pause)
	}
}

// endPause sends what came in the pause. If nothing did, the next sign is sent at once.
func (o *outbox) endPause() {
	o.mu.Lock()
	o.resting = o.progress.set || o.beat
	rests := o.resting
	o.mu.Unlock()
	if rests {
		o.sendSigns()
	}
}

// flushLocked sends the signs that wait. The caller holds o.sending.
func (o *outbox) flushLocked() (err error) {
	o.mu.Lock()
	p, beat := o.progress, o.beat
	o.progress, o.beat = progress{}, false
	o.mu.Unlock()
	if p.set {
		err = o.stream.Send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Progress{
			Progress: &taskpb.Progress{Done: p.done, Total: p.total, Message: text(p.message)},
		}})
	}
	if beat && err == nil {
		err = o.stream.Send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Heartbeat{Heartbeat: &taskpb.Heartbeat{}}})
	}
	return err
}

// send sends a message after what was said before it. It fails after the last word:
// a goroutine that the task left behind may still report.
func (o *outbox) send(m *taskpb.RunResponse) error {
	o.sending.Lock()
	defer o.sending.Unlock()
	return o.sendLocked(m)
}

func (o *outbox) sendLocked(m *taskpb.RunResponse) error {
	if o.silent {
		return errors.New("the attempt has ended")
	}
	if err := o.flushLocked(); err != nil {
		return err
	}
	return o.stream.Send(m)
}

// close sends the last word, after which nothing is sent.
func (o *outbox) close(m *taskpb.RunResponse) error {
	o.sending.Lock()
	defer o.sending.Unlock()
	err := o.sendLocked(m)
	o.silent = true
	if o.timer != nil {
		o.timer.Stop()
	}
	return err
}
