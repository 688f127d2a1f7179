package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/hostelry-run/hostelry/shared/task"
)

// console is the task.Host of a task that runs by hand.
type console struct {
	id      string
	attempt int
	screen  *screen
	logger  *slog.Logger
	restore json.RawMessage
	file    string // where checkpoints are kept, or "" for nowhere
	ready   sync.Once
}

var _ task.Host = (*console)(nil)

func newConsole(id string, attempt int, s *screen, file string) (*console, error) {
	h := &console{id: id, attempt: attempt, screen: s, file: file}
	h.logger = slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if file == "" {
		return h, nil
	}
	raw, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return h, nil // none yet
	case err != nil:
		return nil, err
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return h, nil
	}
	if !json.Valid(raw) {
		return nil, fmt.Errorf("%s is not JSON: name a file that an earlier run wrote, or one that does not exist", file)
	}
	h.restore = raw
	return h, nil
}

func (h *console) ID() string               { return h.id }
func (h *console) Attempt() int             { return h.attempt }
func (h *console) Logger() *slog.Logger     { return h.logger }
func (h *console) Ready()                   { h.ready.Do(func() { h.logger.Info("ready") }) }
func (h *console) Heartbeat()               {}
func (h *console) Restore() json.RawMessage { return h.restore }

func (h *console) Progress(done, total int64, message string) {
	text := fmt.Sprintf("progress %d", done)
	if total > 0 {
		text += fmt.Sprintf(" of %d (%d%%)", total, int(100*float64(done)/float64(total)))
	}
	if message != "" {
		text += ": " + message
	}
	h.screen.progress(text)
}

// Checkpoint keeps the newest one, whole whatever happens meanwhile.
func (h *console) Checkpoint(_ context.Context, data json.RawMessage) error {
	if h.file == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(h.file), ".checkpoint-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "%s\n", data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), h.file)
}
