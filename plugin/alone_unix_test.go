//go:build unix

package plugin_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// person is a process that a test started by hand, and what it says on stderr.
type person struct {
	cmd            *exec.Cmd
	stdout, stderr *bufio.Reader
	said           strings.Builder // on stderr, up to now
}

// begin starts this binary in a role. When the test ends it is killed.
func begin(t *testing.T, role string, args ...string) *person {
	t.Helper()
	return beginWith(t, append(quiet(), roleKey+"="+role), args...)
}

func beginWith(t *testing.T, env []string, args ...string) *person {
	t.Helper()
	outR, outW := pipe(t)
	errR, errW := pipe(t)
	p := &person{cmd: exec.Command(os.Args[0], args...), stdout: bufio.NewReader(outR), stderr: bufio.NewReader(errR)}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, outW, errW
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = outW.Close(), errW.Close()
	t.Cleanup(func() { _, _ = p.cmd.Process.Kill(), p.cmd.Wait() })
	return p
}

// until reads stderr up to a line with the words.
func (p *person) until(t *testing.T, words string) {
	t.Helper()
	for {
		line, err := p.stderr.ReadString('\n')
		p.said.WriteString(line)
		if strings.Contains(line, words) {
			return
		}
		if err != nil {
			t.Fatalf("it ended without %q, said\n%s", words, &p.said)
		}
	}
}

func (p *person) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// finish waits for the end and returns the rest of stdout and the exit status.
func (p *person) finish(t *testing.T) (stdout string, status int) {
	t.Helper()
	watchdog := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer watchdog.Stop()
	errs, _ := io.ReadAll(p.stderr)
	out, _ := io.ReadAll(p.stdout)
	p.said.Write(errs)
	_ = p.cmd.Wait()
	return string(out), p.cmd.ProcessState.ExitCode()
}

// TestStopByHand: a signal stops the task as a host does, its Stopper first.
func TestStopByHand(t *testing.T) {
	for s, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		p := begin(t, "hand", "run", "polite")
		p.until(t, "msg=ready")
		p.signal(t, s)
		stdout, status := p.finish(t)
		if stdout != `["asked","before its ctx ended","stopped on request"]`+"\n" || status != want {
			t.Errorf("%v: exit status %d, stdout %q, stderr\n%s", s, status, stdout, &p.said)
		}
		if !strings.Contains(p.said.String(), "polite stopped in ") {
			t.Errorf("%v: stderr\n%s", s, &p.said)
		}
	}
}

// TestSecondSignal ends a process whose task does not stop: at once, however long
// the grace is.
func TestSecondSignal(t *testing.T) {
	p := begin(t, "hand", "run", "stubborn", "--grace", "1h")
	p.until(t, "msg=ready")
	p.signal(t, syscall.SIGINT)
	p.until(t, "asked in vain")
	p.signal(t, syscall.SIGTERM)
	if stdout, status := p.finish(t); stdout != "" || status != 143 {
		t.Errorf("exit status %d, stdout %q, stderr\n%s", status, stdout, &p.said)
	}
}

// TestGraceByHand: its end is told, and nothing else happens: somebody may be
// looking into the process.
func TestGraceByHand(t *testing.T) {
	p := begin(t, "hand", "run", "stubborn", "--grace", "20ms")
	p.until(t, "msg=ready")
	p.signal(t, syscall.SIGINT)
	p.until(t, "a host would end it now")
	p.signal(t, syscall.SIGINT)
	if stdout, status := p.finish(t); stdout != "" || status != 130 {
		t.Errorf("exit status %d, stdout %q, stderr\n%s", status, stdout, &p.said)
	}
}
