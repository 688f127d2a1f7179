package eventloop

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestOneAtATime(t *testing.T) {
	l := New(Config{})
	var (
		counter int // plain: the race detector sees any overlap
		inside  atomic.Int32
		overlap atomic.Bool
	)
	const coroutines, turns = 50, 100
	var starters sync.WaitGroup
	for range coroutines {
		starters.Go(func() { // from many goroutines at once
			l.Go("counter", func(s task.Scheduler) {
				for i := range turns {
					if inside.Add(1) != 1 {
						overlap.Store(true)
					}
					counter++
					inside.Add(-1)
					switch i % 3 {
					case 0:
						s.Yield()
					case 1:
						s.Sleep(context.Background(), time.Microsecond)
					case 2:
						s.Await(func() {})
					}
				}
			})
		})
	}
	starters.Wait()
	l.Close()
	if overlap.Load() {
		t.Error("two coroutines ran at the same instant")
	}
	if counter != coroutines*turns {
		t.Errorf("counted %d turns, want %d", counter, coroutines*turns)
	}
}

func TestYieldGoesToTheBack(t *testing.T) {
	var trace []string
	done, cancel := context.WithCancel(context.Background())
	cancel()
	l := New(Config{})
	begin := make(chan struct{})
	hold(l, begin, func(task.Scheduler) {})
	for c, giveWay := range []func(task.Scheduler){
		func(s task.Scheduler) { s.Yield() },
		func(s task.Scheduler) { s.Sleep(context.Background(), 0) },
		func(s task.Scheduler) { s.Sleep(context.Background(), -time.Hour) },
		func(s task.Scheduler) { s.Sleep(done, time.Hour) },
	} {
		l.Go("turner", func(s task.Scheduler) {
			for i := range 3 {
				trace = append(trace, fmt.Sprintf("%c%d", 'a'+c, i))
				giveWay(s)
			}
		})
	}
	close(begin)
	l.Close()
	want := []string{"a0", "b0", "c0", "d0", "a1", "b1", "c1", "d1", "a2", "b2", "c2", "d2"}
	if !slices.Equal(trace, want) {
		t.Errorf("turns came as %v, want %v", trace, want)
	}
}

func TestAwaitLetsOthersRun(t *testing.T) {
	l := New(Config{})
	opened := make(chan struct{})
	var order []string
	l.Go("waits", func(s task.Scheduler) {
		s.Await(func() { <-opened })
		order = append(order, "waits")
	})
	l.Go("opens", func(s task.Scheduler) {
		for range 10 {
			s.Yield()
		}
		order = append(order, "opens")
		close(opened)
	})
	l.Close()
	if want := []string{"opens", "waits"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		begun := time.Now()
		l.Go("long", func(s task.Scheduler) {
			s.Sleep(context.Background(), time.Hour)
			l.Go("refused", func(task.Scheduler) { t.Error("ran after Close was called") })
			s.Await(func() { time.Sleep(time.Hour) })
		})
		var closers sync.WaitGroup
		for range 3 {
			closers.Go(l.Close)
		}
		closers.Wait()
		l.Close()
		if took := time.Since(begun); took != 2*time.Hour {
			t.Errorf("Close returned after %v, want 2h", took)
		}
		if c := l.Go("late", func(task.Scheduler) { t.Error("ran after Close") }); c != nil {
			t.Errorf("Go after Close returned %v, want nil", c)
		}
	})
}

func TestCloseOfAnEmptyLoop(t *testing.T) {
	l := New(Config{Blocked: func(string, time.Duration, string) {}})
	l.Close()
	l.Close()
}

func TestHolder(t *testing.T) {
	l := New(Config{})
	if c := l.Holder(); c != nil {
		t.Errorf("the holder of an empty loop is %q, want none", c.Name())
	}
	holding, release := make(chan struct{}), make(chan struct{})
	c := l.Go("greedy", func(task.Scheduler) {
		close(holding)
		<-release
	})
	<-holding
	if got := l.Holder(); got != c || got.Name() != "greedy" {
		t.Errorf("the holder is %v, want greedy", got)
	}
	close(release)
	l.Close()
	if c := l.Holder(); c != nil {
		t.Errorf("the holder of a closed loop is %q, want none", c.Name())
	}
}
