package integration_test

// Linux: the tests use a shell's tools, signals, and /proc.

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// line is a line of the command's JSON output: what of it these tests need.
type line struct {
	Type, Task, State, Message string
	Status                     string
	ExitCode                   int `json:"exit_code"`
	Tasks                      []struct {
		ID, Kind, Mode, State string
		Attempts              int
		Result                json.RawMessage
		Error                 *struct {
			Message, Outcome, Signal string
		}
	}
}

// command is a running hostelry command.
type command struct {
	*exec.Cmd
	t      *testing.T
	out    *bufio.Reader
	stderr notes
	last   line // of its output
}

// hostelry starts the command. It is killed at the test's end, if it still runs.
func hostelry(t *testing.T, args ...string) *command {
	t.Helper()
	c := &command{Cmd: exec.Command(binary("hostelry"), args...), t: t}
	c.Env = append(os.Environ(), "XDG_CACHE_HOME="+cacheDir())
	c.stderr.changed = make(chan struct{})
	c.Stderr = &c.stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(stdout)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c
}

// next reads a line of output. It reports false at its end.
func (c *command) next() bool {
	c.t.Helper()
	text, err := c.out.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(text) == 0 {
		return false
	}
	if err != nil {
		c.t.Fatalf("the output ends with %q, %v", text, err)
	}
	c.last = line{}
	if err := json.Unmarshal(text, &c.last); err != nil {
		c.t.Fatalf("a line of output is %q: %v", text, err)
	}
	return true
}

// until reads output until n lines were wanted.
func (c *command) until(n int, want func(line) bool) {
	c.t.Helper()
	for n > 0 {
		if !c.next() {
			c.t.Fatalf("the output ended early; stderr:\n%s", &c.stderr)
		}
		if want(c.last) {
			n--
		}
	}
}

// finish reads the rest of the output and returns the exit status and the summary.
func (c *command) finish() (status int, summary line) {
	c.t.Helper()
	for c.next() {
	}
	_ = c.Wait()
	if c.last.Type != "summary" {
		c.t.Errorf("the last line is %+v, no summary; stderr:\n%s", c.last, &c.stderr)
	}
	return c.ProcessState.ExitCode(), c.last
}

// ready is a task that says that it is up.
func ready(l line) bool { return l.Type == "ready" }

// jobFile writes a job file and returns its path.
func jobFile(t *testing.T, text string) string {
	t.Helper()
	path := t.TempDir() + "/job.yaml"
	writeFile(t, path, text, 0o600)
	return path
}

// notes are what a program prints while it runs.
type notes struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed when there is more
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.changed)
	n.changed = make(chan struct{})
	return n.text.Write(p)
}

func (n *notes) look() (string, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String(), n.changed
}

func (n *notes) String() string {
	text, _ := n.look()
	return text
}

// await waits until a text was printed.
func (n *notes) await(t *testing.T, want string) {
	t.Helper()
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	for {
		text, changed := n.look()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			t.Fatalf("it printed\n%s\nwant %q", text, want)
		}
	}
}
