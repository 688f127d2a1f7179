package rlimit_test

import (
	"fmt"
	"os"
	"os/exec"
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
	path, args, env, err := l.Wrap(path, command, []string{"PATH=" + os.Getenv("PATH"), "KEPT=yes", "GORACE=atexit_sleep_ms=0"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&exec.Cmd{Path: path, Args: args, Env: env}).CombinedOutput()
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
	path, args, env, err := rlimit.Limits{CPU: time.Second}.Wrap("/bin/sh", []string{"sh", "-c", "while :; do :; done"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: path, Args: args, Env: env}
	_ = cmd.Run()
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if got := (rlimit.Limits{CPU: time.Second}).Exceeded(used, cmd.ProcessState.ExitCode() == -1); got != "CPU time (1s)" {
		t.Errorf("%v after %v: blamed %q", cmd.ProcessState, used, got)
	}
}

func TestACommandThatIsMissingIsNamed(t *testing.T) {
	path, args, env, err := rlimit.Limits{OpenFiles: 50}.Wrap("/no/such/plugin", []string{"x"}, []string{"GORACE=atexit_sleep_ms=0"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&exec.Cmd{Path: path, Args: args, Env: env}).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot run /no/such/plugin under limits: no such file") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestNoLimitsChangeNothing(t *testing.T) {
	path, args, env, err := rlimit.Limits{}.Wrap("/p", []string{"a"}, []string{"K=V"})
	if path != "/p" || len(args) != 1 || len(env) != 1 || err != nil {
		t.Error(path, args, env, err)
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
		"MemoryError":                  "memory (5 MiB)",
		"open /x: too many open files": "open files (3)",
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
	path, args, env, err := rlimit.Limits{OpenFiles: 64}.Wrap("/bin/sh", []string{"sh", "-c", "ulimit -n"}, nil)
	if err != nil {
		fmt.Println(err)
	}
	out, err := (&exec.Cmd{Path: path, Args: args, Env: env}).Output()
	fmt.Print(string(out), err)
	// Output:
	// 64
	// <nil>
}
