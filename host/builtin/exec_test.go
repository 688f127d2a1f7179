package builtin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// command is the config that runs this test binary in a role.
func command(role string) builtin.ExecConfig {
	return builtin.ExecConfig{
		Command: []string{os.Args[0]},
		Env:     map[string]string{roleKey: role, "GORACE": "atexit_sleep_ms=0"},
	}
}

// witness sees commands live and die.
type witness struct{ net.Listener }

func newWitness(t *testing.T, config builtin.ExecConfig) witness {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	config.Env[witnessKey] = l.Addr().String()
	return witness{l}
}

// see waits until a command shows itself. What it returns waits for its end.
func (w witness) see(t *testing.T) (gone func()) {
	t.Helper()
	conn, err := w.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		_, _ = io.Copy(io.Discard, conn) // ends with the connection, as the process does
		conn.Close()
	}
}

func TestExecLogsLines(t *testing.T) {
	r := start(t, "exec", command("speak"))
	<-r.done
	if r.err != nil || string(r.result) != `{"exit_code":0}` {
		t.Errorf("ended with %s, %v", r.result, r.err)
	}
	var stdout []string
	for _, line := range r.logged {
		if strings.HasSuffix(line, " stream=stdout") {
			stdout = append(stdout, line)
		}
	}
	want := []string{"one stream=stdout", " stream=stdout", "two stream=stdout", "odd \uFFFD byte stream=stdout", "last stream=stdout"}
	if !slices.Equal(stdout, want) {
		t.Errorf("stdout was logged as %q, want %q", stdout, want)
	}
	if !slices.Contains(r.logged, "trouble stream=stderr") {
		t.Errorf("stderr is missing in %q", r.logged)
	}
	if !r.isReady {
		t.Error("the task was never ready")
	}
}

func TestExecWithoutHost(t *testing.T) {
	made, err := makeTask(t, "exec", command("speak"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := made.Run(context.Background())
	if result != (builtin.ExecResult{}) || err != nil {
		t.Errorf("Run gave %v, %v", result, err)
	}
}

func TestExecLongLineComesInPieces(t *testing.T) {
	r := start(t, "exec", command("longline"))
	<-r.done
	var text strings.Builder
	for i, line := range r.logged {
		piece, fields, _ := strings.Cut(line, " ")
		if len(piece) > 64<<10 {
			t.Errorf("piece %d has %d bytes", i, len(piece))
		}
		text.WriteString(piece)
		if continued := strings.Contains(fields, "continued=true"); continued != (i != 0 && i != 4) {
			t.Errorf("piece %d: continued is %v", i, continued)
		}
	}
	if want := strings.Repeat("x", 200_000) + strings.Repeat("y", 200_000); text.String() != want {
		t.Errorf("%d bytes were logged, want %d", text.Len(), len(want))
	}
}

func TestExecGivesTheCommandItsContext(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config := command("context")
	config.Command = append(config.Command, "a b", "*")
	config.Dir = dir
	config.Env["ADDED"] = "x=y"
	r := start(t, "exec", config)
	<-r.done
	var got struct {
		Dir, Added string
		Stdin      int
		Args       []string
	}
	line, _, _ := strings.Cut(strings.Join(r.logged, ""), " stream=")
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err, r.err)
	}
	if got.Dir != dir || got.Added != "x=y" || got.Stdin != 0 || !slices.Equal(got.Args, []string{"a b", "*"}) {
		t.Errorf("the command was given %+v", got)
	}
}

func TestExecExitStatus(t *testing.T) {
	r := start(t, "exec", command("fail"))
	<-r.done
	want := ` exited with status 3; the last lines of its stderr: "line 3", "line 4", "line 5", "line 6", "line 7"`
	if r.err == nil || !strings.HasSuffix(r.err.Error(), want) || task.IsPermanent(r.err) {
		t.Errorf("error is %v, want one that ends in %s", r.err, want)
	}
	if string(r.result) != `{"exit_code":3}` {
		t.Errorf("a failed command has the result %s", r.result)
	}
}

func TestExecStopAsksFirst(t *testing.T) {
	config := command("graceful")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	gone := w.see(t)
	r.waitForLine("up stream=stdout")
	if err := r.stop(time.Minute); err != nil {
		t.Errorf("Stop: %v", err)
	}
	gone()
	if !errors.Is(r.err, task.ErrStopped) {
		t.Errorf("error is %v, want ErrStopped", r.err)
	}
	r.waitForLine("bye stream=stdout")
}

func TestExecStopKillsTheTreeInTime(t *testing.T) {
	config := command("parent")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	childGone, parentGone := w.see(t), w.see(t)
	const grace = 10 * time.Second
	begin := time.Now()
	if err := r.stop(grace); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if took := time.Since(begin); took >= grace {
		t.Errorf("the stop took %v of a grace of %v", took, grace)
	}
	parentGone()
	childGone() // it ignores SIGTERM
	if !errors.Is(r.err, task.ErrStopped) {
		t.Errorf("error is %v, want ErrStopped", r.err)
	}
}

func TestExecStopInsists(t *testing.T) {
	t.Parallel()
	config := command("stubborn")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	gone := w.see(t)
	const grace = 3 * time.Second // a fifth of it is for a busy machine
	begin := time.Now()
	if err := r.stop(grace); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if took := time.Since(begin); took < grace/2 || took >= grace {
		t.Errorf("a stubborn command was stopped after %v of a grace of %v", took, grace)
	}
	gone()
	if !errors.Is(r.err, task.ErrStopped) {
		t.Errorf("error is %v, want ErrStopped", r.err)
	}
}

func TestExecEndsWithItsContext(t *testing.T) {
	config := command("stubborn")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	gone := w.see(t)
	r.cancel(task.ErrHostGone)
	gone()
	<-r.done
	if !errors.Is(r.err, task.ErrHostGone) {
		t.Errorf("error is %v, want ErrHostGone", r.err)
	}
}

func TestExecStopBeforeStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, err := makeTask(t, "exec", builtin.ExecConfig{Command: []string{"no-such-command"}})
		if err != nil {
			t.Fatal(err)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- made.(task.Stopper).Stop(t.Context()) }() // ends with Run
		synctest.Wait()
		if _, err := made.Run(t.Context()); !errors.Is(err, task.ErrStopped) {
			t.Errorf("Run: %v, want ErrStopped", err)
		}
		if err := <-stopped; err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
}

func TestExecUnderADeadContext(t *testing.T) {
	made, err := makeTask(t, "exec", builtin.ExecConfig{Command: []string{"no-such-command"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(task.ErrStopped)
	if _, err := made.Run(ctx); err != task.ErrStopped {
		t.Errorf("Run: %v, want ErrStopped", err)
	}
}

func TestExecBackgroundChildDiesWithTheCommand(t *testing.T) {
	config := command("leaver")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	gone := w.see(t)
	<-r.done
	gone()
	if r.err != nil {
		t.Error(r.err)
	}
}

func TestExecBlocksOffTheLoop(t *testing.T) {
	config := command("graceful")
	w := newWitness(t, config)
	made, err := makeTask(t, "exec", config)
	if err != nil {
		t.Fatal(err)
	}
	var l loop
	ctx := task.WithScheduler(context.Background(), &l)
	ran := make(chan error, 1)
	go func() { // ends when the task is stopped
		_, err := made.Run(ctx)
		ran <- err
	}()
	gone := w.see(t)
	if err := made.(task.Stopper).Stop(ctx); err != nil {
		t.Error(err)
	}
	gone()
	if err := <-ran; !errors.Is(err, task.ErrStopped) {
		t.Errorf("Run: %v, want ErrStopped", err)
	}
	if n := l.awaits.Load(); n != 2 {
		t.Errorf("Run and Stop blocked off the loop %d times, want once each", n)
	}
}

// loop is a task.Scheduler that counts what leaves the loop.
type loop struct{ awaits atomic.Int32 }

func (l *loop) Sleep(context.Context, time.Duration) {}
func (l *loop) Yield()                               {}
func (l *loop) Await(f func()) {
	l.awaits.Add(1)
	done := make(chan struct{})
	go func() { defer close(done); f() }() // ends with f
	<-done
}

func TestExecThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	self := []string{os.Args[0]}
	for name, c := range map[string]struct {
		config    builtin.ExecConfig
		want      string
		permanent bool
	}{
		"not in PATH":   {builtin.ExecConfig{Command: []string{"no-such-command"}}, `command "no-such-command" is not found in PATH: install it`, true},
		"no such file":  {builtin.ExecConfig{Command: []string{filepath.Join(dir, "missing")}}, "is not found, or the interpreter", true},
		"no such dir":   {builtin.ExecConfig{Command: self, Dir: filepath.Join(dir, "missing")}, "does not exist: create it, or name another", false},
		"dir is a file": {builtin.ExecConfig{Command: self, Dir: file}, "is not a directory: name the directory", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, "exec", c.config)
			<-r.done
			if r.err == nil || !strings.Contains(r.err.Error(), c.want) || task.IsPermanent(r.err) != c.permanent {
				t.Errorf("error is %v (permanent: %v), want %q (%v)", r.err, task.IsPermanent(r.err), c.want, c.permanent)
			}
			if r.isReady {
				t.Error("the task was ready")
			}
		})
	}
}

func TestExecConfigIsChecked(t *testing.T) {
	for name, config := range map[string]any{
		"no command":    builtin.ExecConfig{},
		"empty command": builtin.ExecConfig{Command: []string{""}},
		"bad variable":  builtin.ExecConfig{Command: []string{"x"}, Env: map[string]string{"A=B": "c"}},
		"unknown field": map[string]any{"command": []string{"x"}, "cwd": "y"},
	} {
		if _, err := makeTask(t, "exec", config); !errors.Is(err, task.ErrBadConfig) {
			t.Errorf("%s: %v, want ErrBadConfig", name, err)
		}
	}
}
