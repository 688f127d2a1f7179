package builtin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// fakeHost is a task.Host that keeps what a task says.
type fakeHost struct {
	mu       sync.Mutex
	changed  *sync.Cond
	isReady  bool
	logged   []string // "message key=value ..."
	progress []string // "done/total message"
}

func newFakeHost() *fakeHost {
	h := &fakeHost{}
	h.changed = sync.NewCond(&h.mu)
	return h
}

func (h *fakeHost) ID() string                                        { return "fake" }
func (h *fakeHost) Attempt() int                                      { return 1 }
func (h *fakeHost) Logger() *slog.Logger                              { return slog.New(logHandler{h}) }
func (h *fakeHost) Heartbeat()                                        {}
func (h *fakeHost) Restore() json.RawMessage                          { return nil }
func (h *fakeHost) Checkpoint(context.Context, json.RawMessage) error { return nil }

func (h *fakeHost) Ready() {
	h.change(func() { h.isReady = true })
}

func (h *fakeHost) Progress(done, total int64, message string) {
	h.change(func() { h.progress = append(h.progress, fmt.Sprintf("%d/%d %s", done, total, message)) })
}

func (h *fakeHost) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	h.changed.Broadcast()
}

// waitFor blocks until cond, called with the lock held, is true.
func (h *fakeHost) waitFor(cond func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !cond() {
		h.changed.Wait()
	}
}

// waitForLine blocks until a line was logged.
func (h *fakeHost) waitForLine(line string) {
	h.waitFor(func() bool { return slices.Contains(h.logged, line) })
}

type logHandler struct{ host *fakeHost }

func (logHandler) Enabled(context.Context, slog.Level) bool { return true }
func (l logHandler) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l logHandler) WithGroup(string) slog.Handler          { return l }
func (l logHandler) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	l.host.change(func() { l.host.logged = append(l.host.logged, line) })
	return nil
}

// makeTask makes a task of a built-in kind with a config, given as any value
// that encodes as a JSON object.
func makeTask(t *testing.T, kind string, config any) (task.Task, error) {
	t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range builtin.Kinds() {
		if k.Name() == kind {
			return k.New(raw)
		}
	}
	t.Fatalf("no kind %q", kind)
	return nil, nil
}

// running is an attempt of a task under a fakeHost.
type running struct {
	*fakeHost
	task   task.Task
	cancel context.CancelCauseFunc
	done   chan struct{} // closed after result and err are set
	result json.RawMessage
	err    error
}

// start starts an attempt, which the test's end ends.
func start(t *testing.T, kind string, config any) *running {
	t.Helper()
	made, err := makeTask(t, kind, config)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{fakeHost: newFakeHost(), task: made, done: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	go func() { // ends with the task
		defer close(r.done)
		var result any
		if result, r.err = made.Run(task.WithHost(ctx, r.fakeHost)); result != nil {
			r.result, _ = json.Marshal(result)
		}
	}()
	t.Cleanup(func() { cancel(task.ErrHostGone); <-r.done })
	return r
}

// stop asks the task to stop, as a runner with this grace does, waits for its
// end, and returns the Stopper's error.
func (r *running) stop(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	impatient := time.AfterFunc(grace/2, func() { r.cancel(task.ErrStopped) })
	defer impatient.Stop()
	var err error
	if s, ok := r.task.(task.Stopper); ok {
		err = s.Stop(ctx)
	}
	r.cancel(task.ErrStopped)
	<-r.done
	return err
}
