package attach_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/internal/attach"
)

// TestOtherUser: who listens as another user is not spoken to.
func TestOtherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("/tmp", "nobody-") //nolint:usetesting // where nobody gets in
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "socket")
	stranger := exec.Command(copySelf(t, dir), "listen", path)
	stranger.Dir = "/"
	stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	stdout, err := stranger.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = stranger.Process.Kill(), stranger.Wait() }()
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "up\n" {
		t.Fatalf("the stranger says %q, %v", line, err)
	}
	conn, err := attach.Dial(t.Context(), "unix:"+path)
	want := fmt.Sprintf("process %d, which serves there, is not of this user, 0, but of user %d", stranger.Process.Pid, nobody)
	if conn != nil || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Dial: %v, want %s", err, want)
	}
}

// copySelf copies this binary into dir, for everybody.
func copySelf(t *testing.T, dir string) string {
	t.Helper()
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(dir, "copy"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}
