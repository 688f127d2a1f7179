package cgroup

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
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	roles["eat"] = eat
	roles["settle"] = settle
}

// room finds out where this process may make cgroups with these limits.
func room(t *testing.T, want Limits) Limits {
	t.Helper()
	got, err := Find(want)
	if err == nil {
		err = got.Prepare()
	}
	if err != nil {
		t.Skipf("this process can make no such cgroup on this system: %v", err)
	}
	return got
}

// group makes a cgroup, which the test's end removes if the test does not.
func group(t *testing.T, l Limits) *Group {
	t.Helper()
	g := l.New()
	t.Cleanup(func() {
		if err := Remove(g.dir); err != nil {
			t.Error(err)
		}
	})
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	return g
}

// start starts a command in the cgroup.
func start(t *testing.T, g *Group, name string, args ...string) (*exec.Cmd, *bufio.Reader, io.Closer) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr, cmd.Stderr = g.Attr(), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe() // not StdoutPipe, which Wait closes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	cmd.Stdout = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out), in
}

// end ends the cgroup and checks that it is gone.
func end(t *testing.T, g *Group) string {
	t.Helper()
	reached, err := g.End()
	if err != nil {
		t.Error(err)
	}
	if exists(g.dir, "") {
		t.Errorf("%s is left", g.dir)
	}
	return reached
}

// TestEndLeavesNothing of what the cgroup holds: processes that left their group and
// session, and cgroups below with processes of their own.
func TestEndLeavesNothing(t *testing.T) {
	p, err := here().place()
	if err != nil || p.home {
		t.Skipf("this process can make no cgroup on this system without moving: %v", err)
	}
	g := &Group{dir: filepath.Join(p.dir, fmt.Sprintf("hostelry-test-%d", os.Getpid()))}
	t.Cleanup(func() { Remove(g.dir) })
	if err := g.Make(); err != nil {
		t.Fatal(err)
	}
	below := &Group{dir: filepath.Join(g.dir, "a", "b")}
	if err := os.Mkdir(filepath.Dir(below.dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := below.Make(); err != nil {
		t.Fatal(err)
	}
	defer below.file.Close()
	var outs []io.Reader
	for _, in := range []*Group{g, below} {
		cmd, out, _ := start(t, in, "sh", "-c", "setsid sleep 1000 & setsid sleep 1000 & kill -9 $$")
		_ = cmd.Wait()
		outs = append(outs, out)
	}
	if reached := end(t, g); reached != "" {
		t.Errorf("it reached %q", reached)
	}
	for _, out := range outs { // each ends with its sleeps
		if _, err := io.ReadAll(out); err != nil {
			t.Error(err)
		}
	}
	if err := Remove(g.dir); err != nil {
		t.Errorf("of a cgroup that is gone: %v", err)
	}
}

func TestLimitOnProcesses(t *testing.T) {
	g := group(t, room(t, Limits{Processes: 4}))
	cmd, _, _ := start(t, g, "sh", "-c", "exec 2>/dev/null; for i in 1 2 3; do sleep 1000 & done; echo 3; sleep 1000 & echo 4")
	if err := cmd.Wait(); err == nil {
		t.Error("it started as many as it liked")
	}
	if reached := end(t, g); reached != "processes (4)" {
		t.Errorf("it reached %q", reached)
	}
}

func TestLimitOnProcessesThatIsNotReached(t *testing.T) {
	g := group(t, room(t, Limits{Processes: 4}))
	cmd, _, _ := start(t, g, "sh", "-c", "for i in 1 2 3; do sleep 1000 & done; exit 3")
	_ = cmd.Wait()
	if reached := end(t, g); reached != "" {
		t.Errorf("it reached %q", reached)
	}
}

// eat uses 16 MiB of memory in itself, and again in each of its descendants.
func eat() {
	memory := make([]byte, 16<<20)
	for i := range memory {
		memory[i] = byte(i)
	}
	child := exec.Command(os.Args[0])
	child.Stdout = os.Stdout
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Println(len(memory))
	_ = child.Wait()
	select {}
}

// TestLimitOnMemory: what one process alone would not reach, all do together, and die
// together.
func TestLimitOnMemory(t *testing.T) {
	g := group(t, room(t, Limits{Memory: 100 << 20}))
	t.Setenv(roleKey, "eat")
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	cmd, out, _ := start(t, g, os.Args[0])
	said, err := io.ReadAll(out) // ends with all of them
	if err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("the first one ended with %v", cmd.ProcessState)
	}
	if n := strings.Count(string(said), "\n"); n < 1 {
		t.Errorf("%d processes fitted in: %q", n, said)
	}
	if reached := end(t, g); reached != "memory (100 MiB)" {
		t.Errorf("it reached %q", reached)
	}
}

// settle finds its place twice, as two tasks with different limits have it, and says
// where it is before and after.
func settle() {
	for range 2 {
		l, err := Find(Limits{Processes: 50})
		fmt.Println(l.place.home, err, l.Prepare())
	}
	own, _, err := here().own()
	fmt.Println(filepath.Base(own), err)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestADelegatedCgroup: a program that is alone in one moves below it, by itself.
func TestADelegatedCgroup(t *testing.T) {
	g := group(t, room(t, Limits{Processes: 100}))
	if err := unix.Setxattr(g.dir, "user.delegate", []byte("1"), 0); err != nil {
		t.Skipf("this system does not let cgroups be marked: %v", err)
	}
	t.Setenv(roleKey, "settle")
	cmd, out, in := start(t, g, os.Args[0])
	for _, want := range []string{"true <nil> <nil>\n", "false <nil> <nil>\n", "hostelry-host <nil>\n"} {
		if got, err := out.ReadString('\n'); got != want {
			t.Errorf("it says %q, %v; want %q", got, err, want)
		}
	}
	if got := read(g.dir, "cgroup.subtree_control"); got != "pids" {
		t.Errorf("the cgroup gives %q", got)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if reached := end(t, g); reached != "" {
		t.Errorf("it reached %q", reached)
	}
}

// TestRemoveGivesUp: what the system does not let go is an error, in bounded time.
func TestRemoveGivesUp(t *testing.T) {
	dir := t.TempDir() // which is no cgroup, and so not empty
	put(t, dir, "cgroup.kill", "0")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := Remove(dir); err == nil || time.Since(began) > patience+time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
	if got := read(dir, "cgroup.kill"); got != "1" {
		t.Errorf("cgroup.kill has %q", got)
	}
}
