package host_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
)

// A host that stood still, as after Ctrl-Z and fg, does not blame its tasks for
// what it did not hear meanwhile.
func TestWatchdogForgivesWhatItsHostDidNotHear(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(copySelf(t, t.TempDir(), "standstill"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	said := bufio.NewReader(out)
	if line, err := said.ReadString('\n'); line != "all run\n" {
		t.Fatalf("the host says %q, %v", line, err)
	}
	freeze(t, cmd.Process.Pid)
	<-time.After(2 * standstillLimit) // this is what the test is about
	if err := unix.Kill(cmd.Process.Pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat(fmt.Sprintln(host.StateSucceeded, nil), standstillTasks*len(host.Modes()))
	if string(rest) != want {
		t.Errorf("the host says\n%swant\n%s", rest, want)
	}
}
