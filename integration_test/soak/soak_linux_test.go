package soak

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// crowd is how many tasks there are of each mode.
var crowd = map[host.Mode]int{host.Goroutine: 100, host.Async: 80, host.Process: 20}

// warmUp is how long it takes until what Go makes once is made.
const warmUp = time.Second

// patience is the tasks' watchdog, and the grace of their stop, which takes all of it:
// some process is always frozen then. It is fifty times a mayfly's pulse; on a busy
// machine eighty coroutines may need that long for a turn each.
func patience(t *testing.T) time.Duration {
	t.Helper()
	if observe.Busy(t) {
		return 20 * time.Second
	}
	return 5 * time.Second
}

// How much larger the heap may be, in bytes of HeapAlloc after two collections, of
// which the second one frees what pools kept through the first.
const (
	// heapBound is for after the soak, compared with before it.
	heapBound = 2 << 20
	// workBound is for the end of the work, compared with half-way, whatever is going
	// on then: what waits for the slow reader, and some 50 bytes that the test itself
	// keeps of each event, are in it.
	workBound = 8 << 20
)

// TestSoak has 200 tasks crash at random, and be begun again, and then looks for
// what is left of them.
func TestSoak(t *testing.T) {
	d := *length
	if d == 0 {
		d = usual(testing.Short() || observe.Racing)
	}
	soak(t, warmUp)
	before := measure(t)
	resetPeak(t)
	var story *figures
	observe.WantNothingLeft(t, func() { story = soak(t, d) })
	after := measure(t)
	t.Logf("%v of this:\n%v", d, story)
	t.Logf("before, half-way, at the end of the work, and after:\n%v\n%v\n%v\n%v\nat the peak %d MB resident",
		before, story.middle, story.end, after, observe.Memory(t, "self", "VmHWM")>>20)
	story.wantRestarts(t)
	wantHeap(t, "by the soak", before, after, heapBound)
	wantHeap(t, "in the second half of the work", story.middle, story.end, workBound)
}

func wantHeap(t *testing.T, when string, before, after usage, most int) {
	t.Helper()
	if grown := int(after.heap) - int(before.heap); grown > most {
		t.Errorf("the heap has grown by %d KB %s, at most %d are allowed", grown>>10, when, most>>10)
	}
}

// soak is one run. When it returns, nothing of it should be left.
func soak(t *testing.T, d time.Duration) *figures {
	t.Helper()
	dir, err := os.MkdirTemp("", "trace-") //nolint:usetesting // it is to be gone when soak returns
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	seed, patience := rand.Uint64(), patience(t)
	defer func() {
		if t.Failed() {
			t.Logf("the seed was %d", seed)
		}
	}()
	runner, err := host.New(host.WithKinds(kind()), host.WithPolicy(host.StopAll), host.WithGrace(patience),
		host.WithStartTimeout(time.Minute), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	prompt, slow, late := newStream(seed, true), newStream(seed, true), newStream(seed, false)
	var readers sync.WaitGroup // each reader ends with the run
	listen := func(s *stream, pause func()) {
		events := runner.Events(context.Background())
		readers.Go(func() { s.read(events, pause) })
	}
	listen(prompt, nil)
	listen(slow, slowly())
	flies := settle(t, runner, seed, dir, patience)
	if err := runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	half := time.NewTimer(d / 2)
	<-half.C
	listen(late, nil)
	middle := measure(t)
	half.Reset(d / 2)
	<-half.C
	for _, h := range runner.Failed() {
		t.Errorf("it has failed: %v", h.Err())
	}
	if state := runner.State(); state != host.RunRunning {
		t.Errorf("the run is %v", state)
	}
	end := measure(t)
	begin := time.Now()
	_ = runner.Stop(context.Background()) // who was frozen had to be killed: the streams tell
	took := time.Since(begin)
	readers.Wait()
	prompt.check(t, "prompt")
	prompt.wantSame(t, slow, "slow")
	prompt.wantSame(t, late, "late")
	checkHandles(t, runner, prompt, flies)
	return &figures{
		counts: prompt.counts, events: prompt.events, states: len(prompt.states),
		middle: middle, end: end, patience: patience, stop: took,
	}
}

// settle adds the tasks, with patience as their watchdog, and returns their configs by id.
func settle(t *testing.T, r *host.Runner, seed uint64, dir string, patience time.Duration) map[string]mayfly {
	t.Helper()
	flies := make(map[string]mayfly)
	for mode, n := range crowd {
		for i := range n {
			id := fmt.Sprintf("%v-%d", mode, i)
			m := mayfly{Seed: seed, Mode: mode.String(), Dir: dir}
			spec := host.Spec{
				ID: id, Kind: "mayfly", Config: m, Mode: mode, Watchdog: patience,
				Restart: host.Restart{
					When: host.RestartAlways, Max: host.Unlimited, Initial: 5 * time.Millisecond, Cap: 50 * time.Millisecond,
				},
			}
			if mode == host.Process {
				spec.Env.FromHost = []string{"GORACE"}
			}
			if _, err := r.Add(spec); err != nil {
				t.Fatal(err)
			}
			flies[id] = m
		}
	}
	return flies
}

// slowly makes a reader rest a tenth of a second after every thousand events.
func slowly() func() {
	n := 0
	return func() {
		if n++; n%1000 == 0 {
			<-time.After(100 * time.Millisecond)
		}
	}
}

// checkHandles sees that handles, events and traces tell of the same attempts.
func checkHandles(t *testing.T, r *host.Runner, s *stream, flies map[string]mayfly) {
	t.Helper()
	failed := 0
	for _, h := range r.Handles() {
		l := s.lives[h.ID()]
		if l == nil {
			t.Errorf("%s has no event", h.ID())
			continue
		}
		if h.Attempts() != l.attempt || h.State() != l.state || !l.state.Ended() {
			t.Errorf("%s is %v after %d attempts, and its events say %v after %d", h.ID(), h.State(), h.Attempts(), l.state, l.attempt)
		}
		if l.state == host.StateFailed {
			failed++
		}
		checkTrace(t, h, flies[h.ID()], l)
	}
	if r.NumFailed() != failed || len(r.Handles()) != len(flies) {
		t.Errorf("%d of %d tasks failed, and the events say %d", r.NumFailed(), len(r.Handles()), failed)
	}
}
