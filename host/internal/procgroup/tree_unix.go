//go:build unix

package procgroup

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// prepare makes cmd the leader of a new group. A new session is one already.
func prepare(cmd *exec.Cmd) error {
	var attr syscall.SysProcAttr
	if cmd.SysProcAttr != nil {
		attr = *cmd.SysProcAttr
	}
	if attr.Pgid != 0 {
		return errors.New("procgroup: SysProcAttr.Pgid is set: a group needs a leader of its own, leave it 0")
	}
	attr.Setpgid = !attr.Setsid
	cmd.SysProcAttr = &attr
	return nil
}

// tree is a process group, by its leader's number. The group exists when
// exec.Cmd.Start returns: the child joins it before it executes the command.
type tree struct{ pgid int }

func newTree(cmd *exec.Cmd) tree { return tree{cmd.Process.Pid} }

func (t tree) signal(sig os.Signal) error {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return errNoSignal
	}
	return os.NewSyscallError("kill", syscall.Kill(-t.pgid, s))
}

// kill ignores errors: a group that is gone is what it is after.
func (t tree) kill() { _ = syscall.Kill(-t.pgid, syscall.SIGKILL) }

func (t tree) has(pid int) bool {
	pgid, err := syscall.Getpgid(pid)
	return err == nil && pgid == t.pgid
}

func (t tree) close() {}
