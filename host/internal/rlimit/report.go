package rlimit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Report is how a process tells the host that it did not become the plugin, through a
// pipe that ends with its own program. That of a nil Report is always nil.
type Report struct {
	path string
	r, w *os.File
}

// straggle is how long the pipe of a process that has ended may stay silent and open:
// only a child of the host's holds it so, as code in C has forked it.
const straggle = 100 * time.Millisecond

// message is what the process tells.
type message struct {
	Errno syscall.Errno `json:"errno,omitempty"` // of the execution
	Text  string        `json:"text,omitempty"`  // of what went wrong before
}

func newReport(path string) (*Report, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &Report{path, r, w}, nil
}

// Handed closes the process's end here. Call it once the process was started, or was not.
func (p *Report) Handed() {
	if p != nil {
		_ = p.w.Close()
	}
}

// Err is why the process did not become the plugin, in the words of a start without
// limits, or nil if it did. Call it once, after Handed, when the process has ended: it
// frees what the report holds.
func (p *Report) Err() error {
	if p == nil {
		return nil
	}
	defer p.r.Close()
	_ = p.r.SetReadDeadline(time.Now().Add(straggle))
	var m message
	switch err := json.NewDecoder(p.r).Decode(&m); {
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return fmt.Errorf("this program, started again to limit itself, ended before it had: %w", err)
	case m.Errno != 0:
		return &fs.PathError{Op: "fork/exec", Path: p.path, Err: m.Errno}
	default:
		return errors.New(m.Text)
	}
}

// tell is the process's part.
func tell(w io.Writer, err error) {
	m := message{Text: err.Error()}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		m.Errno = errno
	}
	_ = json.NewEncoder(w).Encode(m) //nolint:errchkjson // a number and a text; who would be told?
}
