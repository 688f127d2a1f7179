package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// hangUpKey has this binary serve the kind hang-up, as latecomer's plugin.
const hangUpKey = "HANG_UP"

func init() {
	programs["latecomer"] = latecomer
	if os.Getenv(hangUpKey) != "" {
		plugin.ServeSelf(hangUpKind())
	}
}

func hangUpKind() task.Kind {
	return task.NewKind("hang-up", func(c config) (task.Task, error) {
		return task.Func(func(context.Context) (any, error) { return hangUp(c.Text) }), nil
	})
}

// latecomer is a host whose plugin hangs up, has the host stand still, and ends: as
// its argument says, with exit status 7 or by SIGKILL. It prints how it took that.
func latecomer() int {
	r, err := host.New(host.WithKinds(hangUpKind()), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	h, err := r.Add(host.Spec{
		ID: "a", Kind: "hang-up", Config: config{Text: os.Args[1]}, Mode: host.Process,
		Env: host.Env{FromHost: []string{"GORACE"}, Set: map[string]string{hangUpKey: "yes"}},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = r.Run(context.Background())
	if e, ok := errors.AsType[*host.TaskError](h.Err()); ok {
		fmt.Println(e.Outcome, e.ExitCode, e.Signal)
	}
	return 0
}

// hangUp is the end of latecomer's plugin. It closes its sockets behind the back of
// who uses them, and gives its host a moment to see that.
func hangUp(end string) (any, error) {
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if target, _ := os.Readlink(link); strings.HasPrefix(target, "socket:") {
			fd, _ := strconv.Atoi(filepath.Base(link))
			_ = unix.Close(fd)
		}
	}
	<-time.After(300 * time.Millisecond)
	_ = unix.Kill(os.Getppid(), unix.SIGSTOP)
	if end == "kill" {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	os.Exit(7)
	return nil, nil
}

// startProgram starts this binary as one of programs, and returns its process id and
// its stdout. It is killed at the test's end.
func startProgram(t *testing.T, args ...string) (int, io.Reader) {
	t.Helper()
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: args, Stderr: os.Stderr}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid, out
}

// How a plugin ended is known also to a host that hears of it late.
func TestEndOfAPluginIsKnownAlthoughItsHostStoodStill(t *testing.T) {
	for end, want := range map[string]string{"exit": "exited 7 \n", "kill": "signalled -1 killed\n"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			pid, out := startProgram(t, "latecomer", end)
			awaitFrozen(t, pid)
			<-time.After(1500 * time.Millisecond) // longer than a host waits for the end of who hung up
			if err := unix.Kill(pid, unix.SIGCONT); err != nil {
				t.Fatal(err)
			}
			if said, err := io.ReadAll(out); string(said) != want || err != nil {
				t.Errorf("the host says %q, %v; want %q", said, err, want)
			}
		})
	}
}

// A host that stood still, as after Ctrl-Z and fg, does not blame its tasks for
// what it did not hear meanwhile.
func TestWatchdogForgivesWhatItsHostDidNotHear(t *testing.T) {
	t.Parallel()
	pid, out := startProgram(t, "standstill")
	said := bufio.NewReader(out)
	if line, err := said.ReadString('\n'); line != "all run\n" {
		t.Fatalf("the host says %q, %v", line, err)
	}
	freeze(t, pid)
	<-time.After(2 * standstillLimit) // this is what the test is about
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat(fmt.Sprintln(host.StateSucceeded, nil), standstillTasks*len(host.Modes()))
	if string(rest) != want {
		t.Errorf("the host says\n%swant\n%s", rest, want)
	}
}
