//go:build unix

package procgroup_test

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/procgroup"
)

func init() { roles["deserter"] = desert }

// desert leaves behind a child in a session of its own, which holds the pipes.
func desert() {
	child := command("stdin")
	child.Stdin, child.Stdout = os.Stdin, os.Stdout
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		panic(err)
	}
}

func TestLeaderOfItsOwnGroup(t *testing.T) {
	g, _ := startUp(t, command("hang"))
	if pgid, err := syscall.Getpgid(g.Pid()); err != nil || pgid != g.Pid() {
		t.Errorf("group of process %d is %d, %v", g.Pid(), pgid, err)
	}
}

func TestSignalReachesTheWholeGroup(t *testing.T) {
	stdin, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer release.Close()
	cmd := command("parent")
	cmd.Stdin = stdin
	g, out := startUp(t, cmd)
	stdin.Close()
	if err := g.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(out); err != nil { // ends with the grandchild
		t.Error(err)
	}
	<-g.Done()
	want := procgroup.Exit{Code: -1, Signal: syscall.SIGTERM}
	got := g.Exit()
	want.CPU = got.CPU // whatever it was
	if got != want || got.String() != "killed by signal 15 (terminated)" {
		t.Errorf("exit is %+v (%v), want %+v", got, got, want)
	}
}

// A process that leaves the group and holds the pipes is out of reach, but does
// not hide the leader's end.
func TestHeldPipeDoesNotDelayDone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stdin, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command("deserter")
	cmd.Stdin, cmd.Stdout = stdin, w
	g := start(t, cmd)
	stdin.Close()
	w.Close()
	<-g.Done()
	if !g.Exit().Success() {
		t.Errorf("exit is %v", g.Exit())
	}
	release.Close() // ends the deserter, which waits for its stdin
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
}

func TestSysProcAttrIsKept(t *testing.T) {
	attr := &syscall.SysProcAttr{Setsid: true}
	cmd := command("hang")
	cmd.SysProcAttr = attr
	g, _ := startUp(t, cmd)
	if pgid, err := syscall.Getpgid(g.Pid()); err != nil || pgid != g.Pid() {
		t.Errorf("group of session leader %d is %d, %v", g.Pid(), pgid, err)
	}
	if attr.Setpgid || !cmd.SysProcAttr.Setsid {
		t.Error("the caller's attributes were changed")
	}
}

func TestJoiningAnotherGroupIsRefused(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: 1}
	if _, err := procgroup.Start(cmd); err == nil {
		t.Error("Start accepted SysProcAttr.Pgid")
	}
}
