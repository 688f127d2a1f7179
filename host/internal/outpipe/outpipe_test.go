package outpipe

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// left is a pipe that somebody still holds, with text in it, of a process that is dead.
func left(t *testing.T, text []byte) *Pipe {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	dead := make(chan struct{})
	close(dead)
	p := New(r, dead)
	p.Wake()
	return p
}

// TestPipeOfADeadProcess: all that it left is read, however late, and then it ends,
// although the other end is open.
func TestPipeOfADeadProcess(t *testing.T) {
	text := bytes.Repeat([]byte("a line\n"), 5000)
	p, got := left(t, text), []byte(nil)
	for buffer := make([]byte, 1000); ; {
		n, err := p.Read(buffer)
		got = append(got, buffer[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Wake() // as if the deadline were over by the next Read
	}
	if !bytes.Equal(got, text) {
		t.Errorf("%d bytes were read, want %d", len(got), len(text))
	}
}

// TestPipeIsCut where the log takes too long, and how much is known.
func TestPipeIsCut(t *testing.T) {
	p := left(t, make([]byte, 5000))
	if n, err := p.Read(make([]byte, 1000)); n != 1000 || err != nil {
		t.Fatal(n, err)
	}
	p.since = p.since.Add(-LastWords - time.Second)
	_, err := p.Read(make([]byte, 1000))
	if cut, ok := errors.AsType[*CutError](err); !ok || cut.Bytes != 4000 {
		t.Errorf("the end is %v, want 4000 bytes cut", err)
	}
	if n, err := p.Read(make([]byte, 1000)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after it: %d, %v", n, err)
	}
}
