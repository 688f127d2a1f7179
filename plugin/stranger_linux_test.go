package plugin_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAttachOtherUser: the plugin hangs up on another user, even one who got into
// the directory.
func TestAttachOtherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	const nobody = 65534
	a := serveAttach(t)
	for path, mode := range map[string]os.FileMode{filepath.Dir(a.socket): 0o755, a.socket: 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.MkdirTemp("/tmp", "nobody-") //nolint:usetesting // where nobody gets in
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command(copyTo(t, dir), a.socket)
	stranger.Env = append(quiet(), roleKey+"=stranger")
	stranger.Dir = "/"
	stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := stranger.CombinedOutput(); !strings.HasPrefix(string(out), `heard "" `) || err != nil {
		t.Errorf("the stranger says %s, %v", out, err)
	}
	a.until(t, "of user 65534 is not one of user 0")
	if _, err := a.dial(t).Describe(t.Context()); err != nil {
		t.Errorf("after the stranger: %v", err)
	}
}

// copyTo copies this binary into dir, for everybody.
func copyTo(t *testing.T, dir string) string {
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
