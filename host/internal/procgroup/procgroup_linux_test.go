package procgroup_test

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

func init() { roles["keeper"] = keep }

// keep starts a group with a Pdeathsig and hangs.
func keep() {
	cmd := command("hang")
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if _, err := procgroup.Start(cmd); err != nil {
		panic(err)
	}
	<-time.After(time.Hour)
}

func TestPdeathsigComesWithTheProgramsDeath(t *testing.T) {
	g, out := startUp(t, command("keeper"))
	// The keeper's group does not hold the inner one.
	g.Kill()
	<-g.Done()
	if _, err := io.ReadAll(out); err != nil { // ends with the leader of the inner group
		t.Error(err)
	}
}

func TestPdeathsigDoesNotComeWithAThreadsDeath(t *testing.T) {
	stdin, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command("stdin")
	cmd.Stdin = stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var (
		g      *procgroup.Group
		caller sync.WaitGroup
	)
	caller.Go(func() {
		runtime.LockOSThread() // the thread dies with its goroutine
		g, err = procgroup.Start(cmd)
	})
	caller.Wait()
	stdin.Close()
	if err != nil {
		t.Fatal(err)
	}
	release.Close()
	<-g.Done()
	if !g.Exit().Success() {
		t.Errorf("exit is %v: the death of a thread killed the command", g.Exit())
	}
}

// TestOrphansAreReaped by who gets them, as the first process of a container does.
func TestOrphansAreReaped(t *testing.T) {
	reap := func(orphans uintptr) {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, orphans, 0, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	reap(1)
	defer reap(0)
	g, out := startUp(t, exec.Command("sh", "-c", "sleep 1000 & (sleep 1000 & sleep 1000 &) ; echo up; exec sleep 1000"))
	g.Kill()
	<-g.Done()
	if rest, err := io.ReadAll(out); len(rest) > 0 || err != nil { // ends with the last of them
		t.Errorf("%q, %v", rest, err)
	}
	if err := unix.Waitid(unix.P_PGID, g.Pid(), nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != unix.ECHILD {
		t.Errorf("of the group there is left: %v", err)
	}
}

func TestFrozen(t *testing.T) {
	g, _ := startUp(t, command("hang"))
	for _, c := range []struct {
		signal syscall.Signal
		state  int
		want   bool
	}{{syscall.SIGSTOP, unix.WSTOPPED, true}, {syscall.SIGCONT, unix.WCONTINUED, false}, {syscall.SIGSTOP, unix.WSTOPPED, true}} {
		if err := g.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		if err := unix.Waitid(unix.P_PID, g.Pid(), nil, c.state|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
		if g.Frozen() != c.want {
			t.Errorf("after %v: frozen is %v", c.signal, !c.want)
		}
	}
	g.Kill()
	<-g.Done()
	if g.Frozen() {
		t.Error("the dead are frozen")
	}
}
