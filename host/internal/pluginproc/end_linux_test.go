package pluginproc_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// TestDeathIsSeen, however it comes, with how it came; the task is lost.
func TestDeathIsSeen(t *testing.T) {
	for kind, want := range map[string]string{
		"exit": "exit status 3", "panic": "exit status 2", "orphan": "exit status 6",
	} {
		t.Run(kind, func(t *testing.T) {
			leavesNothing(t)
			fifo, held := mkfifo(t)
			p := launch(t, &logbook{}, as("good", fifoKey+"="+fifo))
			if _, err := run(t, p, kind); !errors.Is(err, wire.ErrLost) {
				t.Errorf("the task ended with %v", err)
			}
			<-p.Done()
			if got := p.Exit().String(); got != want {
				t.Errorf("it ended with %s, want %s", got, want)
			}
			if kind == "panic" && !strings.HasPrefix(p.Stderr()[0], "panic: boom") {
				t.Errorf("its last lines are %q", p.Stderr())
			}
			if kind == "orphan" {
				gone(t, held)
			}
			p.Close(t.Context()) // after the end
		})
	}
}

// gone waits until the child that said that it was up has ended.
func gone(t *testing.T, held io.Reader) {
	t.Helper()
	if got, err := io.ReadAll(held); string(got) != "up" || err != nil {
		t.Errorf("the child said %q, %v", got, err)
	}
}

// TestOrphanOfALaunch: what a plugin leaves behind that never came up is ended too.
func TestOrphanOfALaunch(t *testing.T) {
	leavesNothing(t)
	fifo, held := mkfifo(t)
	err := fails(t, t.Context(), configOf(t, &logbook{}, as("leaves a child", fifoKey+"="+fifo)))
	if !err.Exited || err.Exit.Code != 5 {
		t.Errorf("it says %q", err)
	}
	gone(t, held)
}

// TestKill ends whatever the plugin is doing, and its children.
func TestKill(t *testing.T) {
	leavesNothing(t)
	fifo, held := mkfifo(t)
	p := launch(t, &logbook{}, as("deaf", fifoKey+"="+fifo))
	var all sync.WaitGroup
	for range 5 {
		all.Go(p.Kill)
	}
	all.Wait()
	<-p.Done()
	if e := p.Exit(); e.Signal != syscall.SIGKILL {
		t.Errorf("it ended with %v", e)
	}
	gone(t, held)
}

// TestCloseKillsTheDeaf: a plugin that answers neither the end of its connections
// nor SIGTERM is killed when ctx ends, with its children.
func TestCloseKillsTheDeaf(t *testing.T) {
	leavesNothing(t)
	fifo, held := mkfifo(t)
	p := launch(t, &logbook{}, as("deaf", fifoKey+"="+fifo))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	p.Close(ctx)
	if e := p.Exit(); e.Signal != syscall.SIGKILL || ctx.Err() == nil {
		t.Errorf("it ended with %v", e)
	}
	gone(t, held)
}

// TestDismiss kills a plugin that says it is expendable, and lets another end by itself.
func TestDismiss(t *testing.T) {
	leavesNothing(t)
	for name, c := range map[string]struct{ env, want string }{
		"expendable":                {"GOCOVERDIR=", "killed by signal 9 (killed)"},
		"to write what was covered": {"GOCOVERDIR=" + t.TempDir(), "exit status 0"},
	} {
		p := launch(t, &logbook{}, as("good", c.env))
		if result, err := run(t, p, "answer"); result != "42" || err != nil {
			t.Errorf("%s: the task ended with %s, %v", name, result, err)
		}
		p.Dismiss(t.Context())
		<-p.Done()
		if got := p.Exit().String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		p.Dismiss(t.Context()) // after the end
	}
}

// TestFrozen: a plugin that is stopped (SIGSTOP) answers nothing, and is ended all
// the same.
func TestFrozen(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *pluginproc.Process){
		"Kill": func(_ *testing.T, p *pluginproc.Process) { p.Kill() },
		"Close": func(t *testing.T, p *pluginproc.Process) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			p.Close(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			p := launch(t, &logbook{}, as("good"))
			remote, err := p.Client().Start(t.Context(), "run-1", "wait", nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := run(t, p, "pid")
			pid, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			freeze(t, pid)
			end(t, p)
			if e := p.Exit(); e.Signal != syscall.SIGKILL {
				t.Errorf("it ended with %v", e)
			}
			if _, err := remote.Run(t.Context()); !errors.Is(err, wire.ErrLost) {
				t.Errorf("the task ended with %v", err)
			}
		})
	}
}

// freeze stops a child, and returns once it stands still.
func freeze(t *testing.T, pid int) {
	t.Helper()
	err := syscall.Kill(pid, syscall.SIGSTOP)
	if err == nil {
		err = unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCloseStopsTasks that still run: the plugin sees its host go.
func TestCloseStopsTasks(t *testing.T) {
	leavesNothing(t)
	p := launch(t, &logbook{}, as("good"))
	remote, err := p.Client().Start(t.Context(), "run-1", "wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Close(t.Context())
	if !p.Exit().Success() {
		t.Errorf("it ended with %v", p.Exit())
	}
	if _, err := remote.Run(t.Context()); !errors.Is(err, wire.ErrLost) && !errors.Is(err, task.ErrHostGone) {
		t.Errorf("the task ended with %v", err)
	}
}

// TestManyAtOnce, none disturbs another.
func TestManyAtOnce(t *testing.T) {
	leavesNothing(t)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			env := as("good")
			if i%3 == 0 {
				env = as("exits")
			}
			p, err := pluginproc.Launch(t.Context(), configOf(t, &logbook{}, env))
			if (err != nil) != (i%3 == 0) {
				t.Errorf("plugin %d: %v", i, err)
			}
			if p != nil {
				p.Close(t.Context())
			}
		})
	}
	all.Wait()
}

// TestACgroupThatCannotBeMade fails the launch, and nothing is left of either.
func TestACgroupThatCannotBeMade(t *testing.T) {
	leavesNothing(t)
	t.Chdir(t.TempDir())
	c := configOf(t, &logbook{}, as("good"))
	c.Cgroup = cgroup.Limits{Memory: 1 << 30} // which has no place: what is here is no cgroup
	p, err := pluginproc.Launch(t.Context(), c)
	if p != nil || err == nil || !strings.Contains(err.Error(), "a cgroup for limits: ") {
		t.Errorf("%v, %v", p, err)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
