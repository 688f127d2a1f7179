package procgroup_test

import (
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

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
