package rlimit_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/internal/rlimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// under runs a command under limits and returns what it printed and its error.
func under(t *testing.T, l rlimit.Limits, command ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: path, Args: command, Env: []string{"PATH=" + os.Getenv("PATH"), "KEPT=yes", "GORACE=atexit_sleep_ms=0"}}
	report, err := l.Wrap(cmd)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	report.Handed()
	if failed := report.Err(); failed != nil {
		err = failed
	}
	return string(out), err
}

func TestLimitsReachTheCommand(t *testing.T) {
	l := rlimit.Limits{Memory: 512 << 20, OpenFiles: 77, CPU: 33 * time.Second}
	out, err := under(t, l, "sh", "-c", "ulimit -d; ulimit -n; ulimit -t; echo $KEPT $HOSTELRY_RLIMIT .")
	if want := "524288\n77\n33\nyes .\n"; err != nil || out != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
}

func TestCPUTimeEndsTheCommand(t *testing.T) {
	cmd := exec.Command("sh", "-c", "while :; do :; done")
	report, err := rlimit.Limits{CPU: time.Second}.Wrap(cmd)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Run()
	report.Handed()
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if got := (rlimit.Limits{CPU: time.Second}).Exceeded(used, cmd.ProcessState.ExitCode() == -1); got != "CPU time (1s)" {
		t.Errorf("%v after %v: blamed %q", cmd.ProcessState, used, got)
	}
}

// TestStartFails: what the system says of the command is what a start without limits says.
func TestStartFails(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{"/no/such/plugin": syscall.ENOENT, "/etc/passwd": syscall.EACCES, text: syscall.ENOEXEC} {
		plain := (&exec.Cmd{Path: path}).Run()
		cmd := &exec.Cmd{Path: path, Env: []string{"GORACE=atexit_sleep_ms=0"}}
		report, err := rlimit.Limits{OpenFiles: 50}.Wrap(cmd)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := cmd.CombinedOutput()
		report.Handed()
		if got := report.Err(); !errors.Is(got, want) || got.Error() != plain.Error() || len(out) > 0 {
			t.Errorf("%v, printed %q; without limits %v", got, out, plain)
		}
	}
}

// TestTheReportEnds with what it is about: the command has no descriptor more.
func TestTheReportEnds(t *testing.T) {
	plain, err := exec.Command("ls", "/proc/self/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := under(t, rlimit.Limits{OpenFiles: 64}, "ls", "/proc/self/fd"); err != nil || out != string(plain) {
		t.Errorf("%q, %v; without limits %q", out, err, plain)
	}
}

// TestSomebodyHoldsTheReport, which is not to keep the end of the process from being seen.
func TestSomebodyHoldsTheReport(t *testing.T) {
	cmd := exec.Command("true")
	report, err := rlimit.Limits{OpenFiles: 64}.Wrap(cmd)
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("sleep", "1000")
	holder.ExtraFiles = cmd.ExtraFiles
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	}()
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	report.Handed()
	if err := report.Err(); err != nil {
		t.Error(err)
	}
}

func TestNoLimitsChangeNothing(t *testing.T) {
	cmd := &exec.Cmd{Path: "/p", Args: []string{"a"}, Env: []string{"K=V"}}
	report, err := rlimit.Limits{}.Wrap(cmd)
	report.Handed()
	if cmd.Path != "/p" || len(cmd.Args) != 1 || len(cmd.Env) != 1 || cmd.ExtraFiles != nil || err != nil || report.Err() != nil {
		t.Error(cmd, report, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	if err := (rlimit.Limits{CPU: 1500 * time.Millisecond}).Check(); err == nil {
		t.Error("a limit of one and a half seconds was accepted")
	}
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
		t.Fatal(err)
	}
	if err := (rlimit.Limits{OpenFiles: own.Max}).Check(); err != nil {
		t.Error(err)
	}
	if err := (rlimit.Limits{OpenFiles: own.Max + 1}).Check(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("own hard limit, %d", own.Max)) {
		t.Errorf("a limit beyond the host's own: %v", err)
	}
	err := rlimit.Limits{Processes: 5}.Check()
	if root := os.Geteuid() == 0; (err != nil) != root {
		t.Errorf("a limit on processes as root %v: %v", root, err)
	}
}

func TestExceededNamesTheLimit(t *testing.T) {
	all := rlimit.Limits{Memory: 5 << 20, Processes: 2, OpenFiles: 3, CPU: 4 * time.Second}
	for said, want := range map[string]string{
		"fatal error: runtime: cannot allocate memory": "memory (5 MiB)",
		"MemoryError":                                           "memory (5 MiB)",
		"Array buffer allocation failed":                        "memory (5 MiB)", // Node's, of what is not on its heap
		"open /x: too many open files":                          "open files (3)",
		"fork/exec /bin/true: resource temporarily unavailable": "processes (2)",
		"died with <Signals.SIGXCPU: 24>.":                      "CPU time (4s)",
		"cannot open shared object file: Error 24":              "open files (3)",
		"no idea": "",
	} {
		if got := all.Exceeded(time.Second, false, said); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
		if got := (rlimit.Limits{}).Exceeded(time.Hour, true, said); got != "" {
			t.Errorf("%q blamed on %q, which was not set", said, got)
		}
	}
}

func Example() {
	cmd := exec.Command("sh", "-c", "ulimit -n")
	report, err := rlimit.Limits{OpenFiles: 64}.Wrap(cmd)
	if err != nil {
		fmt.Println(err)
	}
	out, _ := cmd.Output()
	report.Handed()
	fmt.Print(string(out), report.Err())
	// Output:
	// 64
	// <nil>
}
