package chaos

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	rawplugin "github.com/hostelry-run/hostelry/integration_test/internal/raw"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// spawn starts this binary again in a role, with the plugin's stdout and stderr,
// and returns once it has said that it is up.
func spawn(role string, attr *syscall.SysProcAttr) *os.Process {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleKey+"="+role)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = attr
	up, theirs, err := os.Pipe()
	if err == nil {
		cmd.ExtraFiles = []*os.File{theirs}
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(98)
	}
	theirs.Close()
	io.Copy(io.Discard, up)
	up.Close()
	return cmd.Process
}

// up tells who called spawn that this process is where it should be.
func up() { syscall.Close(3) }

// ownSession takes a child out of the plugin's process group.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// grandchild holds the plugin's pipes and ignores what can be ignored.
func grandchild() {
	signal.Ignore()
	up()
	forever()
}

// listener listens where the plugin should.
func listener() {
	l := rawplugin.Listen("stranger")
	up()
	for {
		conn, err := l.Accept()
		if err == nil {
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}
}

// nobodysListener is a listener of another user.
func nobodysListener() {
	becomeNobody()
	listener()
}

// listenInPlace has another process listen where the plugin should, and shakes
// hands for it.
func listenInPlace(role string, attr *syscall.SysProcAttr) {
	dir := os.Getenv(wire.SocketDirKey)
	os.Chmod(filepath.Dir(dir), 0o755) // another user can only come in if the plugin lets it
	os.Chmod(dir, 0o777)
	spawn(role, attr)
	shake(filepath.Join(dir, "stranger"))
	forever()
}

// nobody is another user. A process becomes that user by itself, because the
// user may not execute the tests' files.
const nobody = 65534

func becomeNobody() {
	for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(97)
		}
	}
}

func kill(pid int, sig syscall.Signal) { _ = syscall.Kill(pid, sig) }

func killSelf(sig syscall.Signal) {
	kill(os.Getpid(), sig)
	forever() // until it arrives
}

// freeze stops this process, as a debugger or a terminal would.
func freeze() { killSelf(syscall.SIGSTOP) }

// closeFrom closes every descriptor from first on. Go's runtime cannot do without
// some of them, and soon sees it.
func closeFrom(first int) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= first {
			syscall.Close(fd)
		}
	}
}
