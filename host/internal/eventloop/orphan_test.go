package eventloop

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// hold starts a coroutine that has the loop until release is closed, and then
// runs after.
func hold(l *Loop, release <-chan struct{}, after func(task.Scheduler)) *Coroutine {
	holding := make(chan struct{})
	c := l.Go("holder", func(s task.Scheduler) {
		close(holding)
		<-release
		after(s)
	})
	<-holding
	return c
}

func TestOrphanFreesTheLoop(t *testing.T) {
	l := New(Config{})
	release, ended := make(chan struct{}), make(chan struct{})
	c := hold(l, release, func(task.Scheduler) { close(ended) })
	other := make(chan struct{})
	l.Go("other", func(s task.Scheduler) {
		s.Yield()
		close(other)
	})
	if !c.Orphan() {
		t.Fatal("the holder was not taken off")
	}
	<-other
	if !c.Orphan() {
		t.Error("Orphan of an orphan is false")
	}
	l.Close() // does not wait for the orphan
	close(release)
	<-ended
	if !c.Orphan() {
		t.Error("Orphan of an orphan that has ended is false")
	}
}

func TestOrphansCallsArePlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		release, ended := make(chan struct{}), make(chan struct{})
		c := hold(l, release, func(s task.Scheduler) {
			begun := time.Now()
			s.Yield()
			s.Sleep(t.Context(), time.Second)
			s.Await(func() { time.Sleep(time.Second) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			s.Sleep(ctx, time.Hour)
			if took := time.Since(begun); took != 3*time.Second {
				t.Errorf("took %v, want 3s", took)
			}
			close(ended)
		})
		c.Orphan()
		l.Close()
		close(release)
		<-ended
	})
}

func TestOrphanLeavesOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		c := l.Go("sleeper", func(s task.Scheduler) { s.Sleep(t.Context(), time.Second) })
		synctest.Wait()
		if c.Orphan() {
			t.Error("a sleeper was taken off")
		}
		l.Close()
		if c.Orphan() {
			t.Error("a coroutine that had ended was taken off")
		}
	})
}

func TestOrphanOfOneself(t *testing.T) {
	l := New(Config{})
	ended := make(chan bool)
	var self atomic.Pointer[Coroutine]
	set := make(chan struct{})
	self.Store(l.Go("self", func(s task.Scheduler) {
		<-set
		taken := self.Load().Orphan()
		s.Yield()
		ended <- taken
		runtime.Goexit() // must not start another driver
	}))
	close(set)
	if !<-ended {
		t.Error("not taken off")
	}
	l.Close()
}

// While coroutines give way as fast as they can, others try to take them off:
// what is not an orphan must stay alone on the loop, and all must end.
func TestOrphanAgainstGivingWay(t *testing.T) {
	const coroutines, turns = 8, 200
	for range 10 {
		l := New(Config{})
		var inside, overlaps, ended atomic.Int32
		all := make(chan struct{})
		taken := make([]atomic.Bool, coroutines)
		cs := make([]*Coroutine, coroutines)
		for i := range coroutines {
			cs[i] = l.Go("turner", func(s task.Scheduler) {
				defer func() {
					if ended.Add(1) == coroutines {
						close(all)
					}
				}()
				for turn := range turns {
					if i >= coroutines/2 { // never taken off
						if inside.Add(1) != 1 {
							overlaps.Add(1)
						}
						inside.Add(-1)
					}
					giveWay(s, turn)
				}
				if i%2 == 1 {
					runtime.Goexit()
				}
			})
		}
		for i := range coroutines / 2 {
			go func() { // ends when it has taken its coroutine off, or all have ended
				for !taken[i].Load() && ended.Load() < coroutines {
					taken[i].Store(cs[i].Orphan())
					runtime.Gosched()
				}
			}()
		}
		l.Close()
		<-all
		if n := overlaps.Load(); n > 0 {
			t.Fatalf("%d times, two coroutines had the loop", n)
		}
	}
}

func giveWay(s task.Scheduler, turn int) {
	switch turn % 4 {
	case 0:
		s.Await(func() {})
	case 1:
		s.Sleep(context.Background(), time.Microsecond)
	default:
		s.Yield()
	}
}

// A coroutine that is taken off while it gives way does once, and once only,
// what it gave way for.
func TestOrphanAwaitsOnce(t *testing.T) {
	for range 200 {
		l := New(Config{})
		calls, ended := 0, make(chan struct{})
		c := l.Go("awaits", func(s task.Scheduler) {
			defer close(ended)
			for range 5 {
				s.Await(func() { calls++ })
			}
		})
		for !c.Orphan() {
			select {
			case <-ended:
			default:
				runtime.Gosched()
				continue
			}
			break
		}
		<-ended
		if calls != 5 {
			t.Fatalf("five Awaits made %d calls", calls)
		}
		l.Close()
	}
}

// stuckContext blocks whoever wants to be told of its end.
type stuckContext struct {
	context.Context
	done  chan struct{}
	asked chan struct{}
	free  chan struct{}
}

func (c *stuckContext) Done() <-chan struct{} { return c.done }

func (c *stuckContext) AfterFunc(func()) func() bool {
	close(c.asked)
	<-c.free
	return func() bool { return true }
}

func TestContextThatBlocksHoldsTheLoop(t *testing.T) {
	l := New(Config{})
	ctx := &stuckContext{context.Background(), make(chan struct{}), make(chan struct{}), make(chan struct{})}
	ended := make(chan struct{})
	c := l.Go("sleeper", func(s task.Scheduler) {
		defer close(ended)
		s.Sleep(ctx, time.Nanosecond)
	})
	<-ctx.asked
	if got := l.Holder(); got != c {
		t.Errorf("the holder is %v, want the sleeper", got)
	}
	if !c.Orphan() {
		t.Error("the sleeper was not taken off")
	}
	l.Close()
	close(ctx.free)
	<-ended
}

// A task may hand its ctx, and so its Scheduler, to goroutines of its own.
func TestForeignGoroutinesBlockPlainly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		l.Go("parent", func(s task.Scheduler) {
			begun := time.Now()
			helper := make(chan struct{})
			go func() {
				defer close(helper)
				s.Yield()
				s.Sleep(t.Context(), time.Second) // while the parent has the loop,
				s.Await(func() { time.Sleep(time.Second) })
				s.Sleep(t.Context(), 2*time.Second) // and while it has not
			}()
			time.Sleep(3 * time.Second)
			s.Await(func() { <-helper })
			if took := time.Since(begun); took != 4*time.Second {
				t.Errorf("took %v, want 4s", took)
			}
		})
		l.Close()
	})
}
