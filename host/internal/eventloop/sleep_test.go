package eventloop

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestSleepWakesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Blocked: func(name string, _ time.Duration, _ string) { t.Errorf("%s reported", name) }})
		for _, d := range []time.Duration{time.Hour, time.Nanosecond, time.Second, 3 * time.Millisecond} {
			l.Go("sleeper", func(s task.Scheduler) {
				begun := time.Now()
				s.Sleep(t.Context(), d)
				if took := time.Since(begun); took != d {
					t.Errorf("slept %v, want %v", took, d)
				}
			})
		}
		l.Close()
	})
}

func TestEqualDeadlinesWakeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		var woken []int
		for i := range 100 {
			l.Go("sleeper", func(s task.Scheduler) {
				s.Sleep(context.Background(), time.Minute)
				woken = append(woken, i)
			})
		}
		l.Close()
		if len(woken) != 100 || !slices.IsSorted(woken) {
			t.Errorf("woke in the order %v", woken)
		}
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		begun := time.Now()
		for _, d := range []time.Duration{time.Hour, math.MaxInt64} {
			l.Go("sleeper", func(s task.Scheduler) {
				for i := 1; i <= 3; i++ { // a ctx that differs each time
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					s.Sleep(ctx, d)
					if took := time.Since(begun); took != time.Duration(i)*time.Second {
						t.Errorf("Sleep(%v) number %d ended after %v", d, i, took)
					}
					cancel()
				}
				s.Sleep(t.Context(), time.Second)
				if took := time.Since(begun); took != 4*time.Second {
					t.Errorf("the last sleep ended after %v, want 4s", took)
				}
			})
		}
		l.Close()
	})
}

// A ctx that ends while its coroutine is not asleep must not cut what it waits
// for then.
func TestContextEndsOutsideSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		l.Go("busy", func(s task.Scheduler) {
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			s.Sleep(ctx, time.Second)
			s.Await(func() { time.Sleep(9 * time.Second) })
			s.Sleep(t.Context(), 10*time.Second)
			s.Sleep(ctx, time.Hour)
			if took := time.Since(begun); took != 20*time.Second {
				t.Errorf("took %v, want 20s", took)
			}
		})
		l.Close()
	})
}

func TestManyContextsAtOnce(t *testing.T) {
	l := New(Config{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const n = 2000
	asleep, woken := 0, 0
	for range n {
		l.Go("sleeper", func(s task.Scheduler) {
			if asleep++; asleep == n {
				cancel()
			}
			s.Sleep(ctx, time.Hour)
			woken++
		})
	}
	l.Close()
	if woken != n {
		t.Errorf("%d woke, want %d", woken, n)
	}
}

// countingContext counts those who wait for its end.
type countingContext struct {
	context.Context
	done       chan struct{}
	registered atomic.Int32
	removed    atomic.Int32
}

func (c *countingContext) Done() <-chan struct{} { return c.done }

func (c *countingContext) AfterFunc(func()) func() bool {
	c.registered.Add(1)
	return func() bool { c.removed.Add(1); return true }
}

func TestContextIsLetGo(t *testing.T) {
	l := New(Config{})
	ctx := &countingContext{Context: context.Background(), done: make(chan struct{})}
	l.Go("sleeper", func(s task.Scheduler) {
		for range 10 {
			s.Sleep(ctx, time.Nanosecond)
		}
	})
	l.Close()
	if in, out := ctx.registered.Load(), ctx.removed.Load(); in != 1 || out != 1 {
		t.Errorf("ten sleeps registered with their ctx %d times and removed %d times, want once each", in, out)
	}
	if n := l.asleep.len(); n != 0 {
		t.Errorf("%d timers left", n)
	}
}

// stoppable is a body with a ctx of its own.
type stoppable struct {
	ctx context.Context
	run func(task.Scheduler)
}

func (b *stoppable) Run(s task.Scheduler)     { b.run(s) }
func (b *stoppable) Context() context.Context { return b.ctx }
func (*stoppable) Name() string               { return "stoppable" }
func (*stoppable) Gone()                      {}

func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own, stop := context.WithCancel(t.Context())
		other := &countingContext{Context: t.Context(), done: make(chan struct{})}
		l := New(Config{})
		var c Coroutine
		began := time.Now()
		slept := func(what string, want time.Duration) {
			if took := time.Since(began); took != want {
				t.Errorf("%s ended after %v, want %v", what, took, want)
			}
		}
		l.Start(&c, &stoppable{own, func(s task.Scheduler) {
			s.Sleep(own, time.Second)
			slept("a sleep to its end", time.Second)
			s.Sleep(other, 2*time.Second)
			slept("one under another ctx", 3*time.Second)
			s.Sleep(own, time.Hour)
			slept("one that is stopped", 4*time.Second)
			s.Sleep(context.WithoutCancel(own), time.Second)
			slept("one after the stop", 5*time.Second)
		}})
		time.Sleep(2 * time.Second)
		c.Wake() // without a reason
		time.Sleep(2 * time.Second)
		stop()
		c.Wake()
		l.Close()
		c.Wake() // too late
		if n := other.registered.Load(); n != 1 {
			t.Errorf("%d registered with the other ctx, want 1", n)
		}
	})
}

// Many are woken together, and others in the middle of their sleep are not.
func TestWakeMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3000
		l := New(Config{})
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		places := make([]Coroutine, n)
		slept := make([]time.Duration, n)
		for i := range n {
			b := &stoppable{ctx, nil}
			if i%3 == 0 {
				b.ctx = t.Context()
			}
			b.run = func(s task.Scheduler) {
				s.Sleep(b.ctx, time.Hour+time.Duration(n-i)*time.Second)
				slept[i] = time.Since(began)
			}
			l.Start(&places[i], b)
		}
		time.Sleep(time.Minute)
		cancel()
		for i := range n {
			places[i].Wake()
		}
		l.Close()
		for i, d := range slept {
			want := time.Minute
			if i%3 == 0 {
				want = time.Hour + time.Duration(n-i)*time.Second
			}
			if d != want {
				t.Errorf("sleeper %d slept %v, want %v", i, d, want)
			}
		}
	})
}
