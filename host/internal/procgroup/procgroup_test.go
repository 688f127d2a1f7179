package procgroup_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

// role is the variable that makes this test binary one of the commands under
// test, when it is started again.
const role = "PROCGROUP_TEST_ROLE"

// roles are the commands. A role that returns exits with status 0.
var roles = map[string]func(){
	"exit0":  func() {},
	"exit3":  func() { os.Exit(3) },
	"hang":   hang,
	"parent": parent,
	"stdin":  untilStdinEnds,
}

func TestMain(m *testing.M) {
	if play, ok := roles[os.Getenv(role)]; ok {
		play()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// hang says that it is up, and waits to be killed.
func hang() {
	fmt.Println("up")
	<-time.After(time.Hour)
}

// parent starts a hang that holds its stdout, and exits when its stdin ends.
func parent() {
	child := command("hang")
	child.Stdout = os.Stdout
	if err := child.Start(); err != nil {
		panic(err)
	}
	untilStdinEnds()
	os.Exit(4)
}

func untilStdinEnds() { _, _ = io.Copy(io.Discard, os.Stdin) }

// command is this test binary in a role.
func command(r string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"="+r, "GORACE=atexit_sleep_ms=0")
	return cmd
}

func start(t *testing.T, cmd *exec.Cmd) *procgroup.Group {
	t.Helper()
	g, err := procgroup.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Kill(); <-g.Done() })
	return g
}

// startUp starts a command that prints "up", and returns the group and the rest
// of its output once it did.
func startUp(t *testing.T, cmd *exec.Cmd) (*procgroup.Group, *bufio.Reader) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	cmd.Stdout = w
	g := start(t, cmd)
	w.Close()
	out := bufio.NewReader(r)
	if line, err := out.ReadString('\n'); line != "up\n" {
		t.Fatalf("the command printed %q, %v; want up", line, err)
	}
	return g, out
}

func TestExitStatus(t *testing.T) {
	for r, want := range map[string]procgroup.Exit{"exit0": {Code: 0}, "exit3": {Code: 3}} {
		g := start(t, command(r))
		<-g.Done()
		got := g.Exit()
		want.CPU = got.CPU // whatever it was
		if got != want || got.Success() != (want.Code == 0) {
			t.Errorf("%s: exit is %+v, want %+v", r, got, want)
		}
	}
}

func TestKillIsIdempotent(t *testing.T) {
	g, _ := startUp(t, command("hang"))
	if g.Exit().Err == nil {
		t.Error("a running group has an exit")
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { g.Kill(); <-g.Done(); g.Kill() })
	}
	wg.Wait()
	if g.Exit().Success() || !g.Exit().Killed {
		t.Errorf("exit of a killed group is %+v", g.Exit())
	}
	if err := g.Signal(os.Kill); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal after the end: %v, want os.ErrProcessDone", err)
	}
}

func TestGrandchildDiesWithItsLeader(t *testing.T) {
	stdin, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	cmd := command("parent")
	cmd.Stdin = stdin
	g, out := startUp(t, cmd)

	release.Close() // the leader ends by itself; its child does not
	<-g.Done()
	if g.Exit().Code != 4 {
		t.Errorf("the leader's exit is %v, want status 4", g.Exit())
	}
	// The grandchild held the pipe: its end is the grandchild's.
	if rest, err := io.ReadAll(out); err != nil || len(rest) != 0 {
		t.Errorf("after the end the pipe gave %q, %v; want its end", rest, err)
	}
}

func TestStartOfMissingFile(t *testing.T) {
	_, err := procgroup.Start(exec.Command("no-such-command-of-procgroup"))
	if !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("not in PATH: %v, want exec.ErrNotFound", err)
	}
	_, err = procgroup.Start(exec.Command(t.TempDir() + "/missing"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such file: %v, want fs.ErrNotExist", err)
	}
}

func TestStartRefusesStreamsThatNeedCopying(t *testing.T) {
	cmd := command("exit0")
	cmd.Stderr = &strings.Builder{}
	if _, err := procgroup.Start(cmd); err == nil || !strings.Contains(err.Error(), "Stderr is a *strings.Builder") {
		t.Errorf("Start: %v, want an error that names Stderr and its type", err)
	}
	if cmd.Process != nil {
		t.Error("the command was started")
	}
}

func TestExitString(t *testing.T) {
	for want, e := range map[string]procgroup.Exit{
		"exit status 3":         {Code: 3},
		"unknown end: no child": {Code: -1, Err: errors.New("no child")},
	} {
		if got := e.String(); got != want {
			t.Errorf("%+v reads %q, want %q", e, got, want)
		}
	}
}
