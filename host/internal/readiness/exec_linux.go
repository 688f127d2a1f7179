package readiness

import (
	"os/exec"
	"syscall"
)

// dieWithHost has the system kill the command when this process dies without a
// word. What the command started itself is out of reach then.
func dieWithHost(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
