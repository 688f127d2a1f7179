package host_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// BenchmarkStart is from Add, to a runner that runs, until the task runs: with a launch of
// its process, with one that waits, and in one that is shared. Compare them with each
// other.
func BenchmarkStart(b *testing.B) {
	for _, c := range []struct {
		name   string
		change func(*host.Spec)
	}{
		{"cold", func(*host.Spec) {}},
		{"warm", func(s *host.Spec) { s.Warm = 1 }},
		{"shared", func(s *host.Spec) { s.Share = host.SharePlugin }},
	} {
		b.Run(c.name, func(b *testing.B) {
			log := new(waitLog)
			log.cond.L = &log.mu
			r, err := host.New(host.WithMode(host.Process), host.WithCatalog(tested),
				host.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			if err != nil {
				b.Fatal(err)
			}
			begin := func(i int) *host.Handle {
				s := host.Spec{ID: fmt.Sprint("t", i), Kind: "wait"}
				c.change(&s)
				h, err := r.Add(s)
				if err != nil {
					b.Fatal(err)
				}
				return h
			}
			running := awaitRunning(b, r)
			begin(-1)
			if err := r.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			running()
			var took time.Duration
			for i := range b.N {
				if c.name == "warm" {
					log.await(i + 1)
				}
				began := time.Now()
				h := begin(i)
				running()
				took += time.Since(began)
				if c.name == "shared" {
					continue
				}
				if err := h.Stop(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(took.Microseconds())/float64(b.N), "µs/start")
			if err := r.Stop(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// awaitRunning returns a function that waits until one more attempt runs.
func awaitRunning(b *testing.B, r *host.Runner) func() {
	b.Helper()
	next, stop := iter.Pull(r.Events(context.Background()))
	b.Cleanup(stop)
	return func() {
		for {
			switch e, more := next(); {
			case !more:
				b.Fatal("the run has ended")
			case e.Type == host.EventState && e.State == host.StateRunning:
				return
			}
		}
	}
}

// waitLog counts the processes that wait.
type waitLog struct {
	mu   sync.Mutex
	cond sync.Cond
	n    int
}

func (l *waitLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Contains(string(p), "waits for a task") {
		l.n++
		l.cond.Broadcast()
	}
	return len(p), nil
}

func (l *waitLog) await(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.n < n {
		l.cond.Wait()
	}
}

// BenchmarkSharedTasks is tasks that do nothing in one plugin process, from Start to the
// end of all.
func BenchmarkSharedTasks(b *testing.B) {
	r := newQuietBench(b)
	for i := range b.N {
		if _, err := r.Add(host.Spec{ID: fmt.Sprint("t", i), Kind: "nothing", Share: host.SharePlugin}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	if err := r.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func newQuietBench(b *testing.B) *host.Runner {
	b.Helper()
	r, err := host.New(host.WithMode(host.Process), host.WithCatalog(tested), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	return r
}
