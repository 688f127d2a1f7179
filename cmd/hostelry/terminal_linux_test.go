package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
)

// TestTerminal runs the command on a terminal of several sizes: there are live
// lines, none is wider than the terminal, and the summary stays. Colours are there
// unless NO_COLOR is.
func TestTerminal(t *testing.T) {
	job := t.TempDir() + "/job.yaml"
	text := "policy: log-only\ntasks:\n"
	for i := range 30 {
		text += fmt.Sprintf("  task-%d: {kind: exec, config: {command: [sh, -c, 'sleep 0.3; exit %d']}}\n", i, i%2)
	}
	if err := os.WriteFile(job, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range []unix.Winsize{{Row: 50, Col: 100}, {Row: 10, Col: 40}, {Row: 3, Col: 12}} {
		t.Run(fmt.Sprintf("%dx%d", size.Col, size.Row), func(t *testing.T) {
			coloured := onTerminal(t, size, nil, "run", job)
			if !strings.Contains(coloured, "\x1b[31mfailed") {
				t.Errorf("no colours: %q", coloured)
			}
			output := onTerminal(t, size, []string{"NO_COLOR=1"}, "run", job)
			if strings.Contains(output, "\x1b[3") {
				t.Errorf("colours in spite of NO_COLOR: %q", output)
			}
			if !strings.Contains(output, "\x1b[1A\x1b[2K") {
				t.Errorf("no live lines: %q", output)
			}
			if !strings.Contains(output, "failed: 15 succeeded, 15 failed\r\n") {
				t.Errorf("no summary: %q", output)
			}
			for line := range strings.SplitSeq(strings.ReplaceAll(output, "\x1b[1A\x1b[2K", ""), "\r\n") {
				line = strings.TrimLeft(line, "\r")
				if strings.HasPrefix(line, "task-") && terminal.Width(line) >= int(size.Col) {
					t.Errorf("%q is too wide", line)
				}
			}
		})
	}
}

// onTerminal runs the command with a terminal of a size as its stdout, and returns
// what it wrote there. Its exit status must be 1.
func onTerminal(t *testing.T, size unix.Winsize, env []string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	hostelry, err := exec.LookPath("hostelry") // see testscript.Main
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(hostelry, args...)
	cmd.Env = append(os.Environ(), append(env, "TERM=xterm", "GORACE=atexit_sleep_ms=0")...)
	cmd.Stdout = slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	var output bytes.Buffer
	_, _ = output.ReadFrom(master) // ends with EIO when the command has ended
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("the command: %v", err)
	}
	return output.String()
}
