package pluginproc

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

const (
	// drain is how long the pipe of a dead plugin may be silent before it counts as
	// empty: what the plugin wrote is in it already.
	drain = 200 * time.Millisecond
	// lastWords is how long the log may take with what a dead plugin has left in a pipe.
	lastWords = 2 * time.Second
	// maxPipe is how much that is at the most: what Linux allows a user's pipe to hold.
	maxPipe = 1 << 20
)

// pipe is the read end of a plugin's stdout or stderr. Its last bytes often say why the
// plugin died, and are read however slowly the log takes them, within lastWords. Who else
// holds the other end, such as a child that the plugin has left, does not count: the pipe
// of a dead plugin ends when it has been read.
type pipe struct {
	file *os.File
	dead <-chan struct{} // closed when the plugin is; then wake is called

	since time.Time // when Read has seen that
	left  int       // that may be of the plugin
}

// wake has a Read look whether the plugin is dead.
func (p *pipe) wake() { _ = p.file.SetReadDeadline(time.Now()) }

// Read implements io.Reader. It is called from one goroutine.
func (p *pipe) Read(b []byte) (int, error) {
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

// readRest reads what a dead plugin has left.
func (p *pipe) readRest(b []byte) (int, error) {
	if p.since.IsZero() {
		p.since, p.left = time.Now(), maxPipe
	}
	switch {
	case p.left == 0:
		return 0, io.EOF
	case time.Since(p.since) > lastWords:
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
		case time.Now().After(deadline): // and it was not wake's
			return 0, io.EOF
		}
	}
}

// cut throws away what is left.
func (p *pipe) cut() error {
	_ = p.file.SetReadDeadline(time.Now().Add(drain))
	n, _ := io.Copy(io.Discard, io.LimitReader(p.file, int64(p.left)))
	p.left = 0
	if n == 0 {
		return io.EOF
	}
	return &cutError{n}
}

// cutError is the end of a stream of which something was thrown away.
type cutError struct{ bytes int64 }

func (e *cutError) Error() string { return fmt.Sprintf("the last %d bytes were cut", e.bytes) }

// noteCut logs that a stream was cut, if that is how it ended.
func noteCut(logger *slog.Logger, stream string, end error) {
	if cut, ok := errors.AsType[*cutError](end); ok {
		logger.Warn("the end of a dead plugin's output is missing: the log took it too slowly", "stream", stream, "bytes", cut.bytes)
	}
}
