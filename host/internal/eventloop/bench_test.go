package eventloop

import (
	"context"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// BenchmarkSpawn is the whole life of a coroutine that does nothing.
func BenchmarkSpawn(b *testing.B) {
	b.ReportAllocs()
	l := New(Config{Blocked: func(string, time.Duration, string) {}})
	for range b.N {
		l.Go("no-op", func(task.Scheduler) {})
	}
	l.Close()
}

// BenchmarkYield is the way out of a coroutine and back into it, or into the
// next: two switches of the runtime's. BenchmarkPingPong is the same between
// goroutines; BenchmarkPull is what no loop made with iter.Pull can go below.
func BenchmarkYield(b *testing.B) {
	for name, coroutines := range map[string]int{"1": 1, "2": 2, "1000": 1000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			l := New(Config{Blocked: func(string, time.Duration, string) {}})
			for range coroutines {
				l.Go("yields", func(s task.Scheduler) {
					for range b.N / coroutines {
						s.Yield()
					}
				})
			}
			l.Close()
		})
	}
}

// BenchmarkPingPong is the way from one goroutine to another and back, through
// two channels.
func BenchmarkPingPong(b *testing.B) {
	b.ReportAllocs()
	ping, pong := make(chan struct{}), make(chan struct{})
	go func() { // ends when ping is closed
		defer close(pong)
		for range ping {
			pong <- struct{}{}
		}
	}()
	for range b.N {
		ping <- struct{}{}
		<-pong
	}
	close(ping)
	<-pong
}

func BenchmarkPull(b *testing.B) {
	b.ReportAllocs()
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		for yield(struct{}{}) {
		}
	})
	defer stop()
	for range b.N {
		next()
	}
}

// BenchmarkParked reports the memory of one coroutine that sleeps under a ctx.
func BenchmarkParked(b *testing.B) {
	l := New(Config{})
	ctx, cancel := context.WithCancel(context.Background())
	before := inUse()
	asleep := make(chan struct{})
	n := 0
	for range b.N {
		l.Go("parked", func(s task.Scheduler) {
			if n++; n == b.N {
				close(asleep)
			}
			s.Sleep(ctx, time.Hour)
		})
	}
	<-asleep
	b.StopTimer()
	b.ReportMetric(float64(inUse()-before)/float64(b.N), "B/parked")
	cancel()
	l.Close()
}

// inUse is the bytes of heap and stacks in use.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
