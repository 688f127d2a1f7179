package procgroup

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

func prepare(*exec.Cmd) error { return nil }

// tree is a job object, which dies with its last handle: a host that is killed
// takes its groups along. Two limits: what the leader starts before it was put
// into the job is not in it, and where the system refuses a job (job is 0) the
// leader alone is killed.
type tree struct {
	leader *os.Process
	job    windows.Handle
}

func newTree(cmd *exec.Cmd) tree {
	t := tree{leader: cmd.Process}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return t
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err == nil {
		noHandle := cmd.Process.WithHandle(func(leader uintptr) {
			err = windows.AssignProcessToJobObject(job, windows.Handle(leader))
		})
		if noHandle != nil {
			err = noHandle
		}
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return t
	}
	t.job = job
	return t
}

func (t tree) signal(sig os.Signal) error {
	if sig != os.Kill {
		return errNoSignal
	}
	t.kill()
	return nil
}

// kill ignores errors: a process that is gone is what it is after.
func (t tree) kill() {
	if t.job == 0 {
		_ = t.leader.Kill()
		return
	}
	_ = windows.TerminateJobObject(t.job, 1)
}

func (t tree) close() {
	if t.job != 0 {
		_ = windows.CloseHandle(t.job)
	}
}

func (t tree) has(pid int) bool { return pid == t.leader.Pid }
