package wire

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// notes is a stream that notes what is sent, and when.
type notes struct {
	mu    sync.Mutex
	began time.Time
	said  []string
}

func (n *notes) Send(m *taskpb.RunResponse) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	what := "a message"
	switch m := m.GetMessage().(type) {
	case *taskpb.RunResponse_Progress:
		what = fmt.Sprint("progress ", m.Progress.GetDone())
	case *taskpb.RunResponse_Heartbeat:
		what = "heartbeat"
	}
	n.said = append(n.said, fmt.Sprint(time.Since(n.began), " ", what))
	return nil
}

func (n *notes) want(t *testing.T, want ...string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.said, want) {
		t.Errorf("it said\n%q, want\n%q", n.said, want)
	}
}

func message() *taskpb.RunResponse {
	return &taskpb.RunResponse{Message: &taskpb.RunResponse_Ready{Ready: &taskpb.Ready{}}}
}

func progressOf(done int64) progress { return progress{set: true, done: done} }

// TestSigns: the first is sent at once, then the newest after each pause, and before
// any message that comes after it; none is lost at the end.
func TestSigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{began: time.Now()}
		o := &outbox{stream: n}
		for i := range int64(1000) {
			o.giveProgress(progressOf(i))
		}
		n.want(t, "0s progress 0")
		time.Sleep(3 * time.Millisecond)
		_ = o.send(message())
		o.giveHeartbeat()
		_ = o.send(message())
		want := []string{"0s progress 0", "3ms progress 999", "3ms a message", "3ms heartbeat", "3ms a message"}
		n.want(t, want...)
		o.giveHeartbeat()
		o.giveProgress(progressOf(1000))
		time.Sleep(time.Second)
		o.giveProgress(progressOf(1001))
		time.Sleep(time.Millisecond)
		o.giveProgress(progressOf(1002))
		o.giveHeartbeat()
		_ = o.close(message())
		want = append(want, "5ms progress 1000", "1.003s progress 1001", "1.004s progress 1002", "1.004s heartbeat", "1.004s a message")
		n.want(t, want...)
		o.giveProgress(progressOf(1003))
		if err := o.send(message()); err == nil {
			t.Error("it sent after the last word")
		}
		time.Sleep(time.Second)
		n.want(t, want...)
	})
}

// TestManySigns from many goroutines: what arrives is in order for each, and ends
// with the newest.
func TestManySigns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{began: time.Now()}
		o := &outbox{stream: n}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range int64(1000) {
					o.giveProgress(progressOf(i))
					o.giveHeartbeat()
				}
			})
		}
		all.Wait()
		o.giveProgress(progressOf(7777))
		time.Sleep(time.Second)
		n.mu.Lock()
		defer n.mu.Unlock()
		if len(n.said) > 4 || !slices.Contains(n.said, "5ms progress 7777") {
			t.Errorf("it said %q", n.said)
		}
	})
}

// TestAllocations: a report that another replaces costs nothing but its time.
func TestAllocations(t *testing.T) {
	o := &outbox{stream: &notes{began: time.Now()}, resting: true}
	ss := &session{out: outbox{resting: true}}
	if n := testing.AllocsPerRun(100, func() {
		o.giveProgress(progress{true, 1, 2, "copying"})
		o.giveHeartbeat()
		ss.Progress(1, 2, "copying")
		ss.Heartbeat()
	}); n != 0 {
		t.Errorf("reports that wait allocate %v times", n)
	}
}
