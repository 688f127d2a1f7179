// Package outpipe reads what a child process prints, to the last byte and no longer: the
// pipe ends when the process is dead and what it left was read, also if others hold the
// pipe's other end.
package outpipe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// LastWords is how long a reader may take with what a dead process has left in its pipe.
	LastWords = 2 * time.Second
	// drain is how long the pipe of a dead process may be silent before it counts as
	// empty: what the process wrote is in it already.
	drain = 200 * time.Millisecond
	// maxPipe is how much that is at the most: what Linux allows a user's pipe to hold.
	maxPipe = 1 << 20
)

// Pipe is the read end of a process's stdout or stderr. Its last bytes often say why the
// process died, and are read however slowly the reader takes them, within LastWords. Who else
// holds the other end, such as a child that was left behind, does not count: the pipe
// of a dead process ends when it has been read. Make it with [New].
type Pipe struct {
	file *os.File
	dead <-chan struct{}

	since time.Time // when Read has seen that
	left  int       // that may be of the process
}

// New makes a pipe of its read end, which the caller closes. dead is to be closed when the
// process is dead, and then Wake called.
func New(file *os.File, dead <-chan struct{}) *Pipe { return &Pipe{file: file, dead: dead} }

// Wake has a Read look whether the process is dead. It is called from any goroutine.
func (p *Pipe) Wake() { _ = p.file.SetReadDeadline(time.Now()) }

// Read implements io.Reader. It is called from one goroutine. If something was thrown away,
// the stream ends with a *CutError, and then with io.EOF.
func (p *Pipe) Read(b []byte) (int, error) {
	for {
		select {
		case <-p.dead:
			return p.readRest(b)
		default:
		}
		n, err := p.file.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// readRest reads what a dead process has left.
func (p *Pipe) readRest(b []byte) (int, error) {
	if p.since.IsZero() {
		p.since, p.left = time.Now(), maxPipe
	}
	switch {
	case p.left == 0:
		return 0, io.EOF
	case time.Since(p.since) > LastWords:
		return 0, p.cut()
	}
	for {
		deadline := time.Now().Add(drain)
		_ = p.file.SetReadDeadline(deadline)
		n, err := p.file.Read(b[:min(len(b), p.left)])
		p.left -= n
		switch {
		case n > 0 || !errors.Is(err, os.ErrDeadlineExceeded):
			return n, err
		case time.Now().After(deadline): // and it was not Wake's
			return 0, io.EOF
		}
	}
}

// cut throws away what is left.
func (p *Pipe) cut() error {
	_ = p.file.SetReadDeadline(time.Now().Add(drain))
	n, _ := io.Copy(io.Discard, io.LimitReader(p.file, int64(p.left)))
	p.left = 0
	if n == 0 {
		return io.EOF
	}
	return &CutError{n}
}

// CutError is the end of a stream of which something was thrown away.
type CutError struct{ Bytes int64 }

func (e *CutError) Error() string { return fmt.Sprintf("the last %d bytes were cut", e.Bytes) }
