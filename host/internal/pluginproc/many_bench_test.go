package pluginproc_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/task"
)

// What a process costs that does nothing: it ends at once, or when it is asked to.
func init() {
	roles["bench-exit"] = func() {}
	roles["bench-bare"] = func() {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Println("ready")
		<-asked
	}
}

// BenchmarkLaunchMany measures the launch of 50 plugins at once, from nothing to 50
// tasks that run, beside 50 processes of the same binary that are started at once and
// end by themselves at once, and beside go-plugin's.
func BenchmarkLaunchMany(b *testing.B) {
	const n = 50
	shared := keeper.Start(slog.New(slog.DiscardHandler))
	defer shared.Close()
	ours, theirs := self("bench-ours"), self("bench-theirs")
	compare(b, max(b.N, 11),
		way{"ms/ours", func() time.Duration {
			return launchMany(n, func() func() { return startOurs(b, ours, shared) })
		}},
		way{"ms/bare", func() time.Duration {
			return launchMany(n, func() func() { runBare(b); return func() {} })
		}},
		way{"ms/plain", func() time.Duration {
			return launchMany(n, func() func() { return startTheirs(b, theirs, false).Kill })
		}},
	)
}

// BenchmarkStop measures the stop of 100 plugins, each with a task that runs: from
// the request until all of them are gone. Beside them stand 100 processes of the same
// binary that exit as soon as SIGTERM asks them to, and go-plugin's.
func BenchmarkStop(b *testing.B) {
	const n = 100
	shared := keeper.Start(slog.New(slog.DiscardHandler))
	defer shared.Close()
	ours, theirs := self("bench-ours"), self("bench-theirs")
	compare(b, max(b.N, 9),
		way{"ms/ours", func() time.Duration {
			return stopMany(n, func() func() { return startOurs(b, ours, shared) })
		}},
		way{"ms/bare", func() time.Duration {
			return stopMany(n, func() func() { return startBare(b) })
		}},
		way{"ms/plain", func() time.Duration {
			return stopMany(n, func() func() { return startTheirs(b, theirs, false).Kill })
		}},
	)
}

// BenchmarkHostCost measures what a plugin with a task that runs costs its host.
func BenchmarkHostCost(b *testing.B) {
	const n = 20
	shared := keeper.Start(slog.New(slog.DiscardHandler))
	defer shared.Close()
	ours, theirs := self("bench-ours"), self("bench-theirs")
	starts := []func() func(){
		func() func() { return startOurs(b, ours, shared) },
		func() func() { return startTheirs(b, theirs, false).Kill },
	}
	var goroutines, bytes [2][]float64
	for range max(b.N, 5) {
		for i, start := range starts {
			start()() // what is made once is there
			before, inUse := runtime.NumGoroutine(), memory()
			stops := together(n, start)
			settle()
			goroutines[i] = append(goroutines[i], float64(runtime.NumGoroutine()-before)/n)
			bytes[i] = append(bytes[i], float64(memory()-inUse)/n)
			for _, stop := range stops {
				stop()
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(goroutines[0]), "goroutines/ours")
	b.ReportMetric(median(goroutines[1]), "goroutines/plain")
	b.ReportMetric(median(goroutines[0])/median(goroutines[1]), "goroutines-ours/plain")
	b.ReportMetric(median(bytes[0])/1024, "KB/ours")
	b.ReportMetric(median(bytes[1])/1024, "KB/plain")
	b.ReportMetric(median(bytes[0])/median(bytes[1]), "bytes-ours/plain")
}

// settle lets what was begun for a launch end.
func settle() {
	for range 3 {
		time.Sleep(20 * time.Millisecond)
		runtime.GC()
	}
}

// memory is what the heap and the stacks have in use.
func memory() int64 {
	var m runtime.MemStats
	settle()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// way is one way to do what is measured.
type way struct {
	unit string
	once func() time.Duration
}

// compare measures ways in rounds that take turns, and reports their medians and what
// the first takes for one of each other.
func compare(b *testing.B, rounds int, ways ...way) {
	b.Helper()
	took := make([][]float64, len(ways))
	for round := range rounds {
		for turn := range ways { // each comes after each other: it leaves dying processes behind
			i := (turn*(1+round%(len(ways)-1)) + round) % len(ways)
			took[i] = append(took[i], ways[i].once().Seconds()*1e3)
		}
	}
	b.ReportMetric(0, "ns/op") // of all ways together: it says nothing
	for i, way := range ways {
		b.ReportMetric(median(took[i]), way.unit)
		if i > 0 {
			b.ReportMetric(median(took[0])/median(took[i]), "ours/"+way.unit[len("ms/"):])
		}
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// together calls start n times at once.
func together(n int, start func() func()) []func() {
	stops := make([]func(), n)
	var all sync.WaitGroup
	for i := range stops {
		all.Go(func() { stops[i] = start() })
	}
	all.Wait()
	return stops
}

func launchMany(n int, start func() func()) time.Duration {
	begin := time.Now()
	stops := together(n, start)
	took := time.Since(begin)
	stopAll(stops)
	return took
}

func stopMany(n int, start func() func()) time.Duration {
	stops := together(n, start)
	begin := time.Now()
	stopAll(stops)
	return time.Since(begin)
}

func stopAll(stops []func()) {
	var all sync.WaitGroup
	for _, stop := range stops {
		all.Go(stop)
	}
	all.Wait()
}

// startOurs launches a plugin of ours and starts its task. What it returns asks the
// task to stop and sees the plugin off, as the executor of process mode does.
func startOurs(b *testing.B, p program, k *keeper.Keeper) (stop func()) {
	b.Helper()
	launched, err := pluginproc.Launch(b.Context(), pluginproc.Config{
		Path: p.path, Env: p.env, Logger: slog.New(slog.DiscardHandler), Keeper: k,
	})
	if err != nil {
		b.Error(err)
		return func() {}
	}
	remote, err := startTask(b, launched.Client())
	if err != nil {
		b.Error(err)
		return launched.Kill
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan struct{})
	go func() { // ends with the task
		_, _ = remote.Run(ctx)
		launched.Close(context.Background())
		close(ended)
	}()
	return func() { cancel(task.ErrStopped); <-ended }
}

// startTheirs does so by go-plugin; its Kill asks the plugin to end, too.
func startTheirs(b *testing.B, p program, mtls bool) *goplugin.Client {
	b.Helper()
	client, c, err := theirs(p, mtls)
	if err == nil {
		_, err = startTask(b, c)
	}
	if err != nil {
		b.Error(err)
	}
	return client
}

func runBare(b *testing.B) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = as("bench-exit")
	if err := cmd.Run(); err != nil {
		b.Error(err)
	}
}

// startBare returns what stops the process.
func startBare(b *testing.B) func() {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = as("bench-bare")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Error(err)
		return func() {}
	}
	_, _ = out.Read(make([]byte, 16)) // it is ready
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
}
