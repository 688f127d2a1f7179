package keeper_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host/internal/keeper"
)

const (
	roleKey = "KEEPER_TEST_ROLE"
	dirKey  = "KEEPER_TEST_DIR"
	// cgroupKey has two directories, of which one is removed again.
	cgroupKey = "KEEPER_TEST_CGROUP"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleKey); role != "" {
		host(role)
	}
	goleak.VerifyTestMain(m)
}

// host is a process that starts children and makes a directory under a keeper,
// prints the children's ids, and then dies as its role says.
func host(role string) {
	k := keeper.Start()
	if dir := os.Getenv(dirKey); dir != "" {
		k.AddDir(dir)
		k.AddDir(dir + "-that-is-gone")
		k.RemoveDir(dir + "-that-is-gone")
	}
	if left, gone, ok := strings.Cut(os.Getenv(cgroupKey), ":"); ok {
		k.AddCgroup(left)
		k.AddCgroup(gone)
		k.RemoveCgroup(gone)
	}
	told := exec.Command("sleep", "1000")
	told.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	marked := exec.Command("sleep", "1000")
	marked.Env = append(os.Environ(), k.Env()...)
	marked.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	for _, c := range []*exec.Cmd{told, marked} {
		if err := c.Start(); err != nil {
			panic(err)
		}
		fmt.Println(c.Process.Pid)
	}
	k.Add(told.Process.Pid)
	_ = syscall.Kill(marked.Process.Pid, syscall.SIGSTOP)
	switch role {
	case "removes":
		k.Remove(told.Process.Pid)
	case "closes":
		k.Close()
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test kills
}

// run starts a host, kills it once it is ready, and returns its children.
func run(t *testing.T, role string) (told, marked int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleKey+"="+role, "GORACE=atexit_sleep_ms=0")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		pid, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	}
	if len(pids) != 2 {
		t.Fatalf("the host printed %d ids", len(pids))
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return pids[0], pids[1]
}

// ends reports whether pid is dead within d.
func ends(t *testing.T, pid int, d time.Duration) bool {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func TestHostDeathLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "odd \"name\"\n")
	if err := os.MkdirAll(filepath.Join(dir, "socket"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(dirKey, dir)
	removed := await(t, parent, unix.IN_DELETE)
	told, marked := run(t, "dies")
	if !ends(t, told, 2*time.Second) {
		t.Error("a process of a group that the keeper was told of lives on")
	}
	if !ends(t, marked, 200*time.Millisecond) {
		t.Error("a marked, frozen process in a session of its own lives on")
	}
	if err := <-removed; err != nil {
		t.Error(err)
	}
}

// await waits until something in dir is removed, or something else of the mask
// happens to it.
func await(t *testing.T, dir string, mask uint32) <-chan error {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	t.Cleanup(func() { events.Close() })
	if _, err := unix.InotifyAddWatch(fd, dir, mask); err != nil {
		t.Fatal(err)
	}
	_ = events.SetReadDeadline(time.Now().Add(10 * time.Second))
	seen := make(chan error, 1)
	go func() { // ends by the deadline
		_, err := events.Read(make([]byte, 1<<10))
		seen <- err
	}()
	return seen
}

// TestHostDeathKillsCgroups: these are directories with the file that kills. Package
// host has a test with real ones.
func TestHostDeathKillsCgroups(t *testing.T) {
	left, gone := filepath.Join(t.TempDir(), "odd \"name\""), t.TempDir()
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{left, gone} {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("0"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(cgroupKey, left+":"+gone)
	killed := await(t, left, unix.IN_MODIFY)
	_, marked := run(t, "dies")
	if err := <-killed; err != nil {
		t.Error(err)
	}
	if !ends(t, marked, 10*time.Second) { // what it kills last
		t.Error("the keeper did not act")
	}
	if text, err := os.ReadFile(filepath.Join(gone, "cgroup.kill")); err != nil || string(text) != "0" {
		t.Errorf("of a cgroup that was removed: %q, %v", text, err)
	}
}

func TestARemovedGroupIsLeftAlone(t *testing.T) {
	told, marked := run(t, "removes")
	if !ends(t, marked, 10*time.Second) {
		t.Fatal("the keeper did not act")
	}
	if ends(t, told, 0) {
		t.Error("the keeper killed a group that had been removed")
	}
}

func TestCloseEndsTheKeeperAlone(t *testing.T) {
	told, marked := run(t, "closes")
	if ends(t, told, 1500*time.Millisecond) || ends(t, marked, 0) {
		t.Error("a keeper that was closed killed all the same")
	}
}

func TestCloseReapsTheKeeper(t *testing.T) {
	k := keeper.Start()
	k.Add(1 << 30) // no such group
	k.Close()
	k.Close()
	k.Remove(1 << 30)
	if left := children(t); len(left) > 0 {
		t.Errorf("children are left: %v", left)
	}
}

func Example() {
	k := keeper.Start()
	defer k.Close()
	cmd := exec.Command("true")
	cmd.Env = k.Env()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
	k.Add(cmd.Process.Pid)
	fmt.Println(cmd.Wait())
	k.Remove(cmd.Process.Pid)
	// Output: <nil>
}

// TestTellingNeverWaits: what a keeper has not taken in yet, here as it is frozen, may be
// much more than a second's launches. To wait for it takes five seconds, and ends it.
func TestTellingNeverWaits(t *testing.T) {
	k := keeper.Start()
	defer k.Close()
	k.Env() // it runs
	for _, pid := range children(t) {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		defer syscall.Kill(pid, syscall.SIGKILL)
	}
	begin := time.Now()
	for pgid := range 5000 { // of which there are none: the numbers are too large
		k.Add(1<<30 + pgid)
		k.Remove(1<<30 + pgid)
	}
	if took := time.Since(begin); took >= 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// children are this process's.
func children(t *testing.T) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil || len(all) == 0 {
		t.Fatalf("there are no processes: %v", err)
	}
	for _, path := range all {
		status, _ := os.ReadFile(path) // or it has ended
		if strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", os.Getpid())) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}
