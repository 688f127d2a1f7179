package eventloop

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// One that holds the loop after it was told not to leaves it in the second half of
// the time, and not before; one that was not told stays.
func TestNotice(t *testing.T) {
	for _, c := range []struct {
		name   string
		notice time.Duration // until the deadline; 0: none is given
		ends   time.Duration // after which the ctx ends early; 0: it does not
		holds  time.Duration // from the start
		free   time.Duration // when the others have the loop again
	}{
		{"holds for good", 4 * time.Second, 0, time.Hour, 2100 * time.Millisecond},
		{"gives it back in the first half", 4 * time.Second, 0, 2 * time.Second, 2 * time.Second},
		{"not told", 0, 0, time.Minute, time.Minute},
		{"all have ended before", 4 * time.Second, time.Second, time.Minute, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := New(Config{})
				ended := make(chan struct{})
				began := time.Now()
				holder := l.Go("holder", func(task.Scheduler) {
					defer close(ended)
					time.Sleep(c.holds)
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.notice > 0 {
					ctx, cancel := context.WithTimeout(ctx, c.notice)
					defer cancel()
					holder.Notice(ctx)
				}
				if c.ends > 0 {
					time.AfterFunc(c.ends, cancel)
				}
				l.Go("other", func(task.Scheduler) {
					if took := time.Since(began); took < c.free || took > c.free+BlockedAfter/5 {
						t.Errorf("the loop was free after %v, want %v", took, c.free)
					}
				})
				l.Close()
				<-ended
			})
		})
	}
}

// One that gives way keeps the loop, however long it takes.
func TestNoticeToOneThatGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		l.Go("busy", func(s task.Scheduler) {
			for range 100 {
				time.Sleep(BlockedAfter * 9 / 10)
				s.Yield()
			}
		}).Notice(ctx)
		l.Close()
		if ctx.Err() == nil {
			t.Error("Close did not wait for the coroutine")
		}
	})
}

// A report that does not return keeps nobody on the loop.
func TestNoticeWhileAReportIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := New(Config{Blocked: func(string, time.Duration, string) { <-release }})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		var orphans atomic.Int32
		for range 3 {
			l.Go("stuck", func(task.Scheduler) {
				<-release
				orphans.Add(1)
			}).Notice(ctx)
		}
		l.Go("last", func(task.Scheduler) {
			if ctx.Err() != nil {
				t.Error("the loop was not free in time")
			}
			close(release)
		})
		l.Close()
		synctest.Wait()
		if n := orphans.Load(); n != 3 {
			t.Errorf("%d orphans ended, want 3", n)
		}
	})
}
