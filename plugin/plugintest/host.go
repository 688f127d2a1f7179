// Package plugintest is the test kit of who writes tasks: a [Host] that a unit test
// holds in its hand, and, with [Run], the conformance checks of `hostelry plugin
// test` in the test's own process.
//
// A Host starts a task as a real one does, with the same code: it decodes the config
// strictly, asks a task.Stopper first, makes a failure of a panic, and encodes the
// result. It needs no process, no socket and no real time: in a testing/synctest
// bubble a task that sleeps for an hour is done at once, and nothing that a Host
// started outlives the test.
//
//	func TestCountsFiles(t *testing.T) {
//		a := plugintest.NewHost(t).Start(countKind(), Config{Root: "testdata"})
//		var got Result
//		if err := a.Wait(&got); err != nil || got.Files != 3 {
//			t.Errorf("counted %+v, %v", got, err)
//		}
//	}
package plugintest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/schema"
	"github.com/hostelry-run/hostelry/shared/task"
)

// grace is how long a task may take to stop: the default of package host.
const grace = 5 * time.Second

// Host is a host of one task: each Start is its next attempt, which begins with the
// newest checkpoint of those before. Make one for each task of a test. Its methods
// are called from the test's goroutine.
type Host struct {
	t testing.TB

	mu         sync.Mutex
	attempts   int             // how many there were
	checkpoint json.RawMessage // the newest
}

// NewHost returns a host for the test t. A task that still runs at the end of t is
// stopped, and fails t if it does not stop within 5 seconds.
func NewHost(t testing.TB) *Host { return &Host{t: t} }

// SetAttempt makes n, which counts from 1, the number of the next attempt, which
// task.Attempt tells the task. Without it, the first Start is attempt 1.
func (h *Host) SetAttempt(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attempts = n - 1
}

// SetCheckpoint makes v, as JSON, what the next attempt finds with task.Restore, as
// if an earlier attempt had given it to task.Checkpoint. A json.RawMessage stands as
// it is; a nil v takes the checkpoint away.
func (h *Host) SetCheckpoint(v any) {
	h.t.Helper()
	data, err := encode(v)
	if err != nil {
		h.t.Fatalf("plugintest: the checkpoint does not encode as JSON: %v", err)
	}
	h.keep(data)
}

func (h *Host) keep(data json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checkpoint = data
}

// Start begins the next attempt, of a task of kind, and returns once the task's Run
// is called, or could not be: then [Attempt.Wait] says why. The config is what
// encodes as the JSON object that a job file would give: a struct, a map, a
// json.RawMessage, or nil for none. The defaults of the kind's schema are filled in,
// as a host does; the schema's other rules are not looked at, so that a test can try
// what the task does without them.
//
// A kind that is not valid, and a config that does not encode, fail the test.
func (h *Host) Start(kind task.Kind, config any) *Attempt {
	h.t.Helper()
	if err := kind.Validate(); err != nil {
		h.t.Fatalf("plugintest: %v", err)
	}
	raw, err := encode(config)
	if err != nil {
		h.t.Fatalf("plugintest: the config does not encode as JSON: %v", err)
	}
	if raw, err = complete(kind, raw); err != nil {
		h.t.Fatalf("plugintest: %v", err)
	}
	a := h.newAttempt(kind.Name())
	ctx := task.WithHost(context.Background(), a.records)
	a.attempt = attempt.New(ctx, attempt.Of(kind, raw))
	started := make(chan struct{})
	a.running.Go(func() { a.attempt.Run(func() { close(started) }, a.finish) }) // ends with the task
	h.t.Cleanup(a.cleanUp)
	select {
	case <-started:
	case <-a.done:
	}
	return a
}

func (h *Host) newAttempt(kind string) *Attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attempts++
	return &Attempt{
		t: h.t, kind: kind, records: newRecords(h, h.attempts, h.checkpoint),
		done: make(chan struct{}), overdue: make(chan struct{}),
	}
}

// complete fills in the defaults of the kind's schema. What is no JSON object stays.
func complete(kind task.Kind, config json.RawMessage) (json.RawMessage, error) {
	rules, err := schema.Of(kind.ConfigType())
	if err != nil {
		return nil, err
	}
	notes, err := schema.ReadNotes(rules)
	if err != nil {
		return nil, err
	}
	if filled, err := notes.Fill(config); err == nil {
		return filled, nil
	}
	return config, nil
}
