package task_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

// fakeHost notes what it is told.
type fakeHost struct {
	logger  *slog.Logger
	restore json.RawMessage
	refuse  error // what Checkpoint fails with
	calls   []string
}

var _ task.Host = (*fakeHost)(nil)

func (h *fakeHost) note(format string, args ...any) {
	h.calls = append(h.calls, fmt.Sprintf(format, args...))
}

func (h *fakeHost) ID() string           { return "fake-7" }
func (h *fakeHost) Attempt() int         { return 3 }
func (h *fakeHost) Logger() *slog.Logger { return h.logger }
func (h *fakeHost) Ready()               { h.note("ready") }
func (h *fakeHost) Heartbeat()           { h.note("heartbeat") }
func (h *fakeHost) Progress(done, total int64, message string) {
	h.note("progress %d/%d %q", done, total, message)
}

func (h *fakeHost) Checkpoint(ctx context.Context, data json.RawMessage) error {
	h.note("checkpoint %s", data)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return h.refuse
}
func (h *fakeHost) Restore() json.RawMessage { return h.restore }

// fakeScheduler notes what it is asked, and runs what is awaited on another
// goroutine, as an event loop does.
type fakeScheduler struct{ calls []string }

var _ task.Scheduler = (*fakeScheduler)(nil)

func (s *fakeScheduler) note(format string, args ...any) {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

func (s *fakeScheduler) Sleep(_ context.Context, d time.Duration) { s.note("sleep %v", d) }
func (s *fakeScheduler) Yield()                                   { s.note("yield") }
func (s *fakeScheduler) Await(f func()) {
	s.note("await")
	returned := make(chan struct{})
	go func() { // ends with f, also by a Goexit
		defer close(returned)
		f()
	}()
	<-returned
}
