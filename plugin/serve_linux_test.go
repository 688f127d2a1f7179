package plugin_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestServe(t *testing.T) {
	for role, want := range map[string]string{"tasks": "good 1.2.3", "self": "self 0.0.0"} {
		c := launch(t, role)
		d, err := c.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Name + " " + d.Version; got != want || len(d.Kinds) != len(tasks()) {
			t.Errorf("%s: it is %q with %d kinds, want %q", role, got, len(d.Kinds), want)
		}
		_ = c.conn.Close() // the last connection
		c.wait(t)
	}
}

// TestExpendable: a plugin's process has nothing to lose while no task runs, unless it is
// to write what was covered.
func TestExpendable(t *testing.T) {
	for dir, want := range map[string]bool{"": true, t.TempDir(): false} {
		if got := launch(t, "tasks", "GOCOVERDIR="+dir).handshake.Expendable; got != want {
			t.Errorf("with GOCOVERDIR %q its handshake says %v", dir, got)
		}
	}
}

// TestPrints: what a plugin prints while it serves comes out as it is, and its
// logs as hclog's JSON on stderr.
func TestPrints(t *testing.T) {
	c := launch(t, "tasks")
	remote, err := c.Start(t.Context(), "run-1", "print", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if line, err := c.stdout.ReadString('\n'); line != "on stdout\n" {
		t.Errorf("stdout has %q, %v", line, err)
	}
	var got []string
	for range 3 {
		line, err := c.stderr.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := wire.ParseLogLine([]byte(line)); ok {
			line = fmt.Sprintln(r.Level, r.Message, r.NumAttrs())
		}
		got = append(got, line)
	}
	if want := []string{"on stderr\n", "WARN by default 1\n", "ERROR by task 1\n"}; !slices.Equal(got, want) {
		t.Errorf("stderr has %q, want %q", got, want)
	}
}

// TestPrintBefore: what is printed before Main stands where the handshake should.
func TestPrintBefore(t *testing.T) {
	stdout, _, _ := byHand(t, "chatty", wire.CookieKey+"="+wire.CookieValue, wire.SocketDirKey+"=/nowhere")
	if line, _, _ := strings.Cut(stdout, "\n"); line != "hello before" {
		t.Errorf("stdout begins with %q", line)
	}
}

// TestSIGTERM stops the tasks; their last words, however long, arrive before the
// process ends.
func TestSIGTERM(t *testing.T) {
	c := launch(t, "tasks")
	reading := c.drain()
	ends, _ := c.start(t, "stop", config{})
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := <-ends; !errors.Is(e.err, task.ErrStopped) || len(e.result) != 1<<20+2 {
		t.Errorf("the task ended with %d bytes and %v", len(e.result), e.err)
	}
	reading.Wait()
	c.wait(t)
}

// TestSIGINT is left to the host, from when the plugin serves.
func TestSIGINT(t *testing.T) {
	c := launch(t, "tasks")
	for range 3 {
		if _, err := c.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = c.conn.Close()
	c.wait(t)
}

// TestHostGone: whatever shows it, the tasks clean up and the process ends. It
// may log and print meanwhile, though nobody reads.
func TestHostGone(t *testing.T) {
	for name, c := range map[string]struct {
		env []string
		die func(*child)
	}{
		"the end of the lifeline":         {[]string{wire.LifelineKey + "=stdin"}, func(c *child) { _ = c.stdin.Close() }},
		"the end of the last connection":  {nil, func(c *child) { _ = c.conn.Close() }},
		"the end of both, and of readers": {[]string{wire.LifelineKey + "=stdin"}, (*child).vanish},
		"only after a SIGTERM": {[]string{wire.LifelineKey + "=stdin"}, func(c *child) {
			_ = c.cmd.Process.Signal(syscall.SIGTERM)
			c.vanish()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			plugin := launch(t, "tasks", c.env...)
			ends, _ := plugin.start(t, "stop", config{Trace: trace})
			var reading *sync.WaitGroup
			if !strings.Contains(name, "readers") && !strings.Contains(name, "SIGTERM") {
				reading = plugin.drain()
			}
			c.die(plugin)
			plugin.wait(t)
			<-ends
			if reading != nil {
				reading.Wait()
			}
			got, err := os.ReadFile(trace)
			if err != nil {
				t.Fatalf("it did not clean up: %v", err)
			}
			if want := task.ErrHostGone.Error(); string(got) != want && !strings.Contains(name, "SIGTERM") {
				t.Errorf("the task's cause was %q, want %q", got, want)
			}
		})
	}
}

// vanish is the host's death: all that it held is closed at once.
func (c *child) vanish() {
	for _, f := range c.outputs {
		_ = f.Close()
	}
	_ = c.stdin.Close()
	_ = c.conn.Close()
}

// TestStubborn: a task that does not end keeps no process alive whose host is gone.
func TestStubborn(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *child, *host){
		"at once": func(*testing.T, *child, *host) {},
		"while it stops": func(t *testing.T, c *child, h *host) {
			if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if got := <-h.progress; got != "asked in vain" {
				t.Errorf("the task says %q", got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := launch(t, "tasks", wire.LifelineKey+"=stdin")
			ends, h := c.start(t, "stubborn", config{})
			before(t, c, h)
			began := time.Now()
			c.vanish()
			c.wait(t)
			<-ends
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v, want a second", took)
			}
		})
	}
}

// TestChildren of a plugin are not plugins of its host, and no signal is ignored
// for them that was not.
func TestChildren(t *testing.T) {
	c := launch(t, "tasks", wire.LifelineKey+"=stdin")
	remote, err := c.Start(t.Context(), "run-1", "children", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.Run(t.Context())
	if text := fmt.Sprintf("%s", got); text != `"done\n"` || err != nil {
		t.Errorf("a child sees %s, %v", text, err)
	}
}

// TestStranger: nobody but the host is let in, and who tries ends nothing.
func TestStranger(t *testing.T) {
	c := launch(t, "tasks")
	if _, err := c.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command(os.Args[0], c.handshake.Address)
	stranger.Env = append(quiet(), roleKey+"=stranger")
	if out, err := stranger.CombinedOutput(); string(out) != `heard "" <nil>` || err != nil {
		t.Errorf("the stranger says %s, %v", out, err)
	}
	if line, err := c.stderr.ReadString('\n'); !strings.Contains(line, "hung up on a stranger") {
		t.Errorf("the plugin logs %q, %v", line, err)
	}
	if _, err := c.Describe(t.Context()); err != nil {
		t.Errorf("after the stranger: %v", err)
	}
}
