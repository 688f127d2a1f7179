package eventloop

import (
	"context"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// A goroutine that has served one coroutine serves the next; of those that served
// many at once, some stay, and the loop's end is theirs.
func TestWorkersAreKept(t *testing.T) {
	const coroutines = 10 * maxSpare
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		serve := func(n int, f func(task.Scheduler)) (stay int) {
			for range n {
				l.Go("served", f)
			}
			synctest.Wait()
			time.Sleep(time.Minute)
			synctest.Wait()
			return strings.Count(string(allStacks()), "eventloop.(*worker).main(")
		}
		if n := serve(coroutines, func(task.Scheduler) {}); n != 1 {
			t.Errorf("%d workers stay after coroutines that ran one after the other, want 1", n)
		}
		if n := serve(coroutines, func(s task.Scheduler) { s.Sleep(t.Context(), time.Second) }); n != maxSpare {
			t.Errorf("%d workers stay after coroutines that slept at once, want %d", n, maxSpare)
		}
		if n := serve(maxSpare/2, func(task.Scheduler) { runtime.Goexit() }); n != maxSpare/2 {
			t.Errorf("%d workers stay after Goexits of half of them, want %d", n, maxSpare/2)
		}
		l.Close()
	})
}

// What a coroutine did to its goroutine, the next one does not see.
func TestWorkerIsAsNew(t *testing.T) {
	l := New(Config{})
	l.Go("labels itself", func(task.Scheduler) {
		pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("who", "the first")))
	})
	l.Go("next", func(task.Scheduler) {
		var profile strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Error(err)
		}
		if strings.Contains(profile.String(), "the first") {
			t.Errorf("a label is left:\n%s", profile.String())
		}
	})
	l.Close()
}

// A scheduler that outlives its coroutine is a plain one, also on the goroutine that
// was the coroutine's and serves another.
func TestSchedulerOfOneThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		var old task.Scheduler
		l.Go("first", func(s task.Scheduler) { old = s })
		l.Go("second", func(task.Scheduler) {
			began := time.Now()
			old.Yield()
			old.Sleep(t.Context(), time.Second)
			old.Await(func() { time.Sleep(time.Second) })
			if took := time.Since(began); took != 2*time.Second {
				t.Errorf("took %v, want 2s", took)
			}
		})
		l.Close()
	})
}
