package cgroup

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// startIn makes a command start in the cgroup whose directory is open.
func startIn(dir *os.File) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
}

// canStartIn says why nothing can be started in a cgroup, for which the system call
// clone3 is needed. Where it is, it refuses to be called with nothing.
func canStartIn() error {
	_, _, err := unix.RawSyscall(unix.SYS_CLONE3, 0, 0, 0)
	if err == unix.EINVAL {
		return nil
	}
	return os.NewSyscallError("clone3", err)
}

// marked reports whether systemd marked the cgroup as delegated.
func marked(dir string) bool {
	value := make([]byte, 8)
	n, err := unix.Getxattr(dir, "user.delegate", value)
	return err == nil && string(value[:n]) == "1"
}

// writable says why this process cannot write to path.
func writable(path string) error {
	err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS)
	if err != nil {
		return &os.PathError{Op: "write to", Path: path, Err: err}
	}
	return nil
}
