//go:build unix

package builtin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/shared/task"
)

func init() {
	roles["suicide"] = func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }
	roles["deserter"] = desert
}

// desert prints as much as a pipe holds and leaves behind a child that holds the
// pipes in a session of its own.
func desert() {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleKey+"=hang")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(strings.Repeat("line\n", 10_000) + "the end\n")
}

func TestExecNamesTheSignal(t *testing.T) {
	r := start(t, "exec", command("suicide"))
	<-r.done
	if r.err == nil || !strings.HasSuffix(r.err.Error(), "was killed by signal 9 (killed)") {
		t.Errorf("error is %v, want the signal", r.err)
	}
}

func TestExecDoesNotWaitForHeldPipes(t *testing.T) {
	config := command("deserter")
	w := newWitness(t, config)
	r := start(t, "exec", config)
	conn, err := w.Accept()
	if err != nil {
		t.Fatal(err)
	}
	<-r.done // while the deserter lives and holds both pipes
	if r.err != nil {
		t.Error(r.err)
	}
	if !slices.Contains(r.logged, "the end stream=stdout") {
		t.Error("what the pipe held at the command's end was not logged")
	}
	conn.Close() // ends the deserter
}

func TestExecNotExecutable(t *testing.T) {
	dir := t.TempDir()
	plain, garbage := filepath.Join(dir, "plain"), filepath.Join(dir, "garbage")
	for file, mode := range map[string]os.FileMode{plain: 0o600, garbage: 0o700} {
		if err := os.WriteFile(file, []byte("\x00\x01\x02"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		plain:   "is not executable: give its file the x permission",
		dir:     "is not executable: give its file the x permission",
		garbage: "is neither a program for this system nor a script",
	} {
		r := start(t, "exec", builtin.ExecConfig{Command: []string{file}})
		<-r.done
		if r.err == nil || !strings.Contains(r.err.Error(), want) || !task.IsPermanent(r.err) {
			t.Errorf("error is %v (permanent: %v), want %q", r.err, task.IsPermanent(r.err), want)
		}
	}
}
