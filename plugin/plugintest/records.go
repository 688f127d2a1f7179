package plugintest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/shared/task"
)

// Progress is one report by task.Progress.
type Progress struct {
	Done, Total int64 // Total is 0 where it is not known
	Message     string
}

// records is the task.Host of one attempt: it notes what the task says.
type records struct {
	host    *Host
	number  int
	restore json.RawMessage
	logger  *slog.Logger

	ready     chan struct{} // closed by the first call of Ready
	readyOnce sync.Once

	mu          sync.Mutex
	closed      bool // the test is over
	progress    []Progress
	checkpoints []json.RawMessage
	logs        []string
}

func newRecords(h *Host, number int, restore json.RawMessage) *records {
	r := &records{host: h, number: number, restore: restore, ready: make(chan struct{})}
	r.logger = slog.New(slog.NewTextHandler(logWriter{r, h.t.Output()}, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	return r
}

// close ends the test's interest: its output must not be written to any more.
func (r *records) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// logWriter takes the lines of a slog handler, one by each Write.
type logWriter struct {
	*records
	output io.Writer // the test's
}

func (w logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return len(line), nil
	}
	w.logs = append(w.logs, strings.TrimSuffix(string(line), "\n"))
	return w.output.Write(line)
}

func (r *records) ID() string               { return "test" }
func (r *records) Attempt() int             { return r.number }
func (r *records) Logger() *slog.Logger     { return r.logger }
func (r *records) Ready()                   { r.readyOnce.Do(func() { close(r.ready) }) }
func (r *records) Heartbeat()               {}
func (r *records) Restore() json.RawMessage { return r.restore }

func (r *records) Progress(done, total int64, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress = append(r.progress, Progress{done, total, message})
}

// Checkpoint keeps data in any case, and fails once ctx has ended, as a host does that
// is in another process: it has the data, but nobody waits for its word any more.
func (r *records) Checkpoint(ctx context.Context, data json.RawMessage) error {
	r.mu.Lock()
	r.checkpoints = append(r.checkpoints, data)
	r.mu.Unlock()
	r.host.keep(data)
	return context.Cause(ctx)
}

// copied is what was noted so far.
func copied[T any](r *records, list *[]T) []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(*list)
}

var _ task.Host = (*records)(nil)
