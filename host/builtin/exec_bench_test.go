package builtin_test

import (
	"fmt"
	"log/slog"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
)

// BenchmarkExec is what a command costs as a task, beside os/exec, in medians over rounds
// of the two in turns: one after the other, and side by side.
func BenchmarkExec(b *testing.B) {
	const rounds, commands = 7, 100
	for _, atOnce := range []int{1, 10} {
		b.Run(fmt.Sprint(atOnce, "-at-once"), func(b *testing.B) {
			for b.Loop() {
				var ours, plain []time.Duration
				for range rounds {
					plain = append(plain, each(commands, atOnce, func(int) { runPlain(b) }))
					ours = append(ours, runAll(b, commands, atOnce))
				}
				slices.Sort(ours)
				slices.Sort(plain)
				b.ReportMetric(float64(ours[rounds/2])/float64(plain[rounds/2]), "ours/plain")
				b.ReportMetric(float64(ours[rounds/2].Microseconds())/commands, "µs/ours")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// each is how long n calls take, of which atOnce run at the same time.
func each(n, atOnce int, call func(i int)) time.Duration {
	begin := time.Now()
	var all sync.WaitGroup
	for first := range atOnce {
		all.Go(func() {
			for i := first; i < n; i += atOnce {
				call(i)
			}
		})
	}
	all.Wait()
	return time.Since(begin)
}

func runPlain(b *testing.B) {
	if _, err := exec.Command("true").CombinedOutput(); err != nil {
		b.Error(err)
	}
}

// runAll is how long a run of n commands takes.
func runAll(b *testing.B, n, atOnce int) time.Duration {
	b.Helper()
	begin := time.Now()
	r, err := host.New(host.WithKinds(builtin.Kinds()...), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err == nil {
		err = r.Start(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	each(n, atOnce, func(i int) { runTask(b, r, i) })
	if err := r.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	return time.Since(begin)
}

func runTask(b *testing.B, r *host.Runner, i int) {
	h, err := r.Add(host.Spec{ID: fmt.Sprint("t", i), Kind: "exec", Config: builtin.ExecConfig{Command: []string{"true"}}})
	if err != nil {
		b.Error(err)
		return
	}
	<-h.Done()
}
