package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

const (
	atOnce   = 8                // rows that run side by side
	patience = 2 * time.Minute  // for what must happen
	quickly  = 10 * time.Second // for the system to bury what was killed
	grace    = time.Second      // where only its end ends a row
	markKey  = "CHAOS_MARK"     // in the environment of all that a row starts
)

// TestChaos acts each row of the table beside two healthy tasks.
func TestChaos(t *testing.T) {
	s := newStage(t)
	act(t, s, row{name: "warm up", want: fails(host.OutcomeError, "no such row")}) // what Go makes once, it makes now
	observe.WantNothingLeft(t, func() {
		queue := make(chan row)
		var workers sync.WaitGroup
		for range atOnce {
			workers.Go(func() { // ends when the queue is closed
				for r := range queue {
					t.Run(r.name, func(t *testing.T) {
						switch {
						case r.heavy && (testing.Short() || observe.Racing):
							t.Skip("heavy: it takes minutes under the race detector, and is not for short runs")
						case r.root && os.Geteuid() != 0:
							t.Skip("only root can become another user")
						}
						act(t, s, r)
					})
				}
			})
		}
		for _, r := range table {
			queue <- r
		}
		close(queue)
		workers.Wait()
	})
}

// stage is what the rows share.
type stage struct {
	dir     string
	catalog *catalog.Catalog
	mark    atomic.Int64
}

// newStage loads this binary as a plugin.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{dir: t.TempDir(), catalog: &catalog.Catalog{}}
	plugins := filepath.Join(s.dir, "plugins")
	copySelf(t, plugins, pluginFile)
	s.load(t, plugins)
	return s
}

func (s *stage) load(t *testing.T, dir string) {
	t.Helper()
	if err := s.catalog.Load(t.Context(), dir, catalog.WithCacheDir(filepath.Join(s.dir, "store"))); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.catalog.Plugins() {
		if p.Err != nil {
			t.Fatalf("%s: %v", p.Path, p.Err)
		}
	}
}

// copySelf copies this binary into dir, which it makes.
func copySelf(t *testing.T, dir, name string) string {
	t.Helper()
	path, err := observe.CopySelf(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// act runs one row in a run of its own, with its company, and returns the log.
func act(t *testing.T, s *stage, r row) *logbook {
	t.Helper()
	mark := fmt.Sprintf("%d-%d", os.Getpid(), s.mark.Add(1))
	log := &logbook{}
	startTimeout, stopTimeout := patience, patience
	if r.hangs {
		startTimeout = hangAfter(t)
	}
	if r.want.outcome == host.OutcomeStopTimeout {
		stopTimeout = grace
	}
	runner, err := host.New(host.WithCatalog(s.catalog), host.WithMode(host.Process), host.WithPolicy(host.LogOnly),
		host.WithGrace(stopTimeout), host.WithStartTimeout(patience), host.WithLogger(log.logger()))
	if err != nil {
		t.Fatal(err)
	}
	env := host.Env{FromHost: []string{"GORACE"}, Set: map[string]string{markKey: mark, howKey: r.name}}
	hostile, err := runner.Add(host.Spec{ID: "hostile", Kind: "misbehave", StartTimeout: startTimeout, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	company := newCompany(t, runner)
	watch := observe.Follow(runner)
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	company.greet(t, watch)
	if r.stop {
		watch.Await(t, "hostile is ready", func(e host.Event) bool { return e.Task == "hostile" && e.Type == host.EventReady })
	}
	if r.beside != nil {
		r.beside(t, company, watch)
	}
	if r.stop {
		_ = hostile.Stop(t.Context()) // the task's own error is judged below
	}
	awaitDone(t, hostile, log)
	company.check(t, watch)
	if err := runner.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("stop: %v", err)
	}
	<-watch.Ended()
	judge(t, hostile, r.want)
	if !log.has(r.want.log) {
		t.Errorf("the log lacks %q:\n%v", r.want.log, log)
	}
	if r.left {
		for _, pid := range observe.Find(t, observe.HasEnv(markKey+"="+mark)) {
			kill(pid, 9)
		}
	}
	observe.WantNone(t, time.Now().Add(quickly), observe.HasEnv(markKey+"="+mark))
	return log
}

// hangAfter is the start timeout where only that ends a row, which must have come as far
// as where it hangs by then.
func hangAfter(t *testing.T) time.Duration {
	t.Helper()
	if observe.Racing || observe.Busy(t) {
		return 20 * time.Second
	}
	return 5 * time.Second
}

func awaitDone(t *testing.T, h *host.Handle, log *logbook) {
	t.Helper()
	select {
	case <-h.Done():
	case <-time.After(patience):
		t.Fatalf("%s has not ended, it is %v; log:\n%v", h.ID(), h.State(), log)
	}
}

// judge compares how a task ended with how it must.
func judge(t *testing.T, h *host.Handle, w want) {
	t.Helper()
	if h.State() != w.state {
		t.Errorf("it is %v (%v), want %v", h.State(), brief(h.Err()), w.state)
	}
	if result := h.Result(); w.result != "" && string(result) != w.result || w.size > 0 && len(result) != w.size {
		t.Errorf("it returned %.100s (%d bytes), want %s (%d)", result, len(result), w.result, w.size)
	}
	if w.outcome == "" {
		return
	}
	var e *host.TaskError
	if !errors.As(h.Err(), &e) {
		t.Fatalf("its error is %v", h.Err())
	}
	if e.Outcome != w.outcome || e.ExitCode != w.code || e.Signal != w.signal {
		t.Errorf("it ended as %s, code %d, signal %q; want %s, %d, %q (%s)",
			e.Outcome, e.ExitCode, e.Signal, w.outcome, w.code, w.signal, brief(e))
	}
	if !strings.Contains(e.Error(), w.text) || len(e.Error()) > 1<<20 {
		t.Errorf("its error is %s, want %q in it", brief(e), w.text)
	}
	if !slices.ContainsFunc(e.Stderr, func(line string) bool { return strings.Contains(line, w.stderr) }) && w.stderr != "" {
		t.Errorf("its last words are %q, want %q among them", e.Stderr, w.stderr)
	}
}

func brief(err error) string { return fmt.Sprintf("%.600v", err) }
