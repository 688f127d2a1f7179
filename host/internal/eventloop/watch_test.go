package eventloop

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

type report struct {
	name  string
	held  time.Duration
	stack string
}

// reports collects what a loop tells of.
type reports struct {
	mu   sync.Mutex
	list []report
}

func (r *reports) add(name string, held time.Duration, stack string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, report{name, held, stack})
}

func TestHeldLoopIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got reports
		l := New(Config{Blocked: got.add})
		l.Go("quick", func(s task.Scheduler) {
			for range 10 {
				time.Sleep(BlockedAfter - time.Millisecond)
				s.Yield()
			}
		})
		l.Go("slow", func(s task.Scheduler) {
			for range 3 {
				sleepHere()
				s.Sleep(t.Context(), 50*time.Millisecond)
			}
		})
		l.Close()
		if len(got.list) != 3 {
			t.Fatalf("%d reports, want 3: %v", len(got.list), got.list)
		}
		for _, r := range got.list {
			if r.name != "slow" || r.held < BlockedAfter || !strings.Contains(r.stack, "eventloop.sleepHere(") {
				t.Errorf("report %+v", r)
			}
		}
	})
}

func sleepHere() { time.Sleep(time.Minute) }

// Two loops are held at once, and a coroutine of a third was taken off: each
// report has its own stack, and no more.
func TestReportHasTheRightStack(t *testing.T) {
	var wg sync.WaitGroup
	release := make(chan struct{})
	third := New(Config{})
	orphan := hold(third, release, func(task.Scheduler) {})
	orphan.Orphan()
	holders := map[string]func(<-chan struct{}){"eventloop.holdA(": holdA, "eventloop.holdB(": holdB}
	for frame, holder := range holders {
		wg.Go(func() {
			reported := make(chan struct{})
			l := New(Config{Blocked: func(_ string, _ time.Duration, stack string) {
				if !strings.Contains(stack, frame) || strings.Count(stack, mainFrame) != 1 {
					t.Errorf("stack without %s or with more:\n%s", frame, stack)
				}
				close(reported)
			}})
			l.Go("holder", func(task.Scheduler) { holder(reported) })
			l.Close()
		})
	}
	wg.Wait()
	close(release)
	third.Close()
}

//go:noinline
func holdA(until <-chan struct{}) { <-until }

//go:noinline
func holdB(until <-chan struct{}) { <-until }

func TestReportAmongManyGoroutines(t *testing.T) {
	var stack string
	reported := make(chan struct{})
	l := New(Config{Blocked: func(_ string, _ time.Duration, s string) {
		stack = s
		close(reported)
	}})
	for range exactUpTo {
		l.Go("waiter", func(s task.Scheduler) { s.Await(func() { <-reported }) })
	}
	l.Go("holder", func(task.Scheduler) { holdA(reported) })
	l.Close()
	if !strings.Contains(stack, "eventloop.holdA+") || strings.Count(stack, mainFrame) != 1 {
		t.Errorf("the stack is:\n%s", stack)
	}
}

func TestBlockedMayTakeTheHolderOff(t *testing.T) {
	release := make(chan struct{})
	var l *Loop
	ready := make(chan struct{})
	l = New(Config{Blocked: func(string, time.Duration, string) {
		<-ready
		if !l.Holder().Orphan() {
			t.Error("the holder was not taken off")
		}
	}})
	close(ready)
	ended := make(chan struct{})
	l.Go("stuck", func(task.Scheduler) {
		defer close(ended)
		<-release
	})
	l.Close() // returns although the holder is stuck
	close(release)
	<-ended
}

func TestIdleLoopIsNotWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Blocked: func(string, time.Duration, string) {}})
		var watched []bool
		look := func() {
			synctest.Wait()
			watched = append(watched, l.look.Load() != unwatched)
		}
		look() // before anything ran
		for range 2 {
			l.Go("sleeper", func(s task.Scheduler) { s.Sleep(t.Context(), time.Hour) })
			look() // just after a step
			time.Sleep(BlockedAfter)
			look() // idle
		}
		l.Close()
		if want := []bool{false, true, false, true, false}; !slices.Equal(watched, want) {
			t.Errorf("watched: %v, want %v", watched, want)
		}
	})
}
