package plugin_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOnATerminal: progress is one line that is drawn again, and Ctrl-C is a stop.
func TestOnATerminal(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "run", "endless")
	cmd.Env = append(quiet(), roleKey+"=hand", "TERM=xterm")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	var output strings.Builder
	pressed := false
	for piece := make([]byte, 4096); ; {
		n, err := master.Read(piece) // fails with EIO when the process has ended
		output.Write(piece[:n])
		if !pressed && strings.Count(output.String(), "\rprogress ") >= 3 {
			pressed = true
			if _, err := io.WriteString(master, "\x03"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	_ = cmd.Wait()
	got := output.String()
	if cmd.ProcessState.ExitCode() != 130 || !strings.Contains(got, "\r\nendless stopped in ") || !strings.HasSuffix(got, "\r\n\"done\"\r\n") {
		t.Errorf("exit status %d, on the terminal\n%q", cmd.ProcessState.ExitCode(), got)
	}
}
