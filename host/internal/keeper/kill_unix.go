//go:build unix

package keeper

import "syscall"

const supported = true

// ownSession keeps signals to the host's group and terminal away from the keeper.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func killGroup(pgid int) { _ = syscall.Kill(-pgid, syscall.SIGKILL) }
