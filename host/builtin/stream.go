package builtin

import (
	"errors"
	"log/slog"
	"os"
	"time"
)

const (
	// pipeSize is the most that a pipe holds unread: Linux's limit for users
	// (/proc/sys/fs/pipe-max-size), and more than any other system's.
	pipeSize = 1 << 20

	// straggle is how long the pipe of a command that has ended may stay silent
	// and open. Only a process that left the command's group keeps it so.
	straggle = 100 * time.Millisecond
)

// stream reads what a command writes to its stdout or stderr, and logs it.
type stream struct {
	read, write *os.File
	lines       lines
}

// newStream makes a pipe whose lines are logged, with the stream's name. keep,
// where it is not nil, sees each line too.
func newStream(name string, log *slog.Logger, keep func(text string)) (*stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &stream{read: r, write: w}
	s.lines.emit = func(text string, continued bool) {
		fields := []any{"stream", name}
		if continued {
			fields = append(fields, "continued", true)
		}
		log.Info(text, fields...)
		if keep != nil {
			keep(text)
		}
	}
	return s, nil
}

// copy reads until nobody holds the pipe's other end, and closes the pipe's own.
// After end it takes what is in the pipe and waits no longer for more.
func (s *stream) copy() {
	defer s.read.Close()
	defer s.lines.close()
	chunk := make([]byte, 32<<10)
	for {
		n, err := s.read.Read(chunk)
		s.lines.write(chunk[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return
		}
	}
	for left := pipeSize; left > 0; {
		_ = s.read.SetReadDeadline(time.Now().Add(straggle))
		n, err := s.read.Read(chunk)
		s.lines.write(chunk[:n])
		if err != nil {
			return
		}
		left -= n
	}
}

// end says that the command has ended. Where a pipe knows no deadline (Windows)
// the command's job object has ended all who could hold it.
func (s *stream) end() { _ = s.read.SetReadDeadline(time.Now()) }
