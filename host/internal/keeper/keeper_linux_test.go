package keeper_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
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
	if role == "is gone" {
		_ = os.Remove(os.Args[0])
	}
	k := keeper.Start(slog.New(slog.DiscardHandler))
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
	case "loses it":
		first := keepers()
		_ = syscall.Kill(first[0], syscall.SIGKILL)
		for next := first; len(next) == 0 || next[0] == first[0]; {
			next = keepers()
		}
		k.Remove(1 << 30) // returns once the next one knows all
	case "has a child that holds all":
		for fd := 3; fd < 100; fd++ {
			_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
		}
		holder := exec.Command("sleep", "1000")
		if err := holder.Start(); err != nil {
			panic(err)
		}
		fmt.Println(holder.Process.Pid)
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test kills
}

// keepers are this process's keepers.
func keepers() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for child := range strings.FieldsSeq(string(text)) {
			args, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if pid, err := strconv.Atoi(child); err == nil && strings.HasPrefix(string(args), "hostelry-keeper\x00") {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// run starts a host, kills it once it is ready, and returns its children.
func run(t *testing.T, role string) (told, marked int) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "host")
	copySelf(t, program)
	cmd := exec.Command(program)
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
	if len(pids) < 2 {
		t.Fatalf("the host printed %d ids", len(pids))
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return pids[0], pids[1]
}

func copySelf(t *testing.T, path string) {
	t.Helper()
	binary, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(path, binary, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
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

// TestHostDeathLeavesNothing, whatever has become of the host before.
func TestHostDeathLeavesNothing(t *testing.T) {
	for _, role := range []string{"dies", "loses it", "has a child that holds all", "is gone"} {
		t.Run(role, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "odd \"name\"\n")
			if err := os.MkdirAll(filepath.Join(dir, "socket"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv(dirKey, dir)
			removed := await(t, parent, unix.IN_DELETE)
			told, marked := run(t, role)
			if !ends(t, told, 2*time.Second) {
				t.Error("a process of a group that the keeper was told of lives on")
			}
			if !ends(t, marked, 200*time.Millisecond) {
				t.Error("a marked, frozen process in a session of its own lives on")
			}
			if err := <-removed; err != nil {
				t.Error(err)
			}
		})
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

func TestCloseEndsTheMarkedAlone(t *testing.T) {
	told, marked := run(t, "closes")
	if !ends(t, marked, 0) {
		t.Error("a process that carries the mark lives on")
	}
	if ends(t, told, 1500*time.Millisecond) {
		t.Error("a keeper that was closed killed a group all the same")
	}
}

func TestCloseReapsTheKeeper(t *testing.T) {
	k := keeper.Start(slog.New(slog.DiscardHandler))
	k.Add(1 << 30) // no such group
	k.Close()
	k.Close()
	k.Remove(1 << 30)
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

// TestAKeeperOutlivesSignals that are meant for all of a session, or of a service.
func TestAKeeperOutlivesSignals(t *testing.T) {
	k := start(t)
	pid := keepers()[0]
	for name := ""; name != "hostelry-keeper\n"; { // then it is one
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if err != nil {
			t.Fatal(err)
		}
		name = string(text)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1} {
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
	}
	if ends(t, pid, 300*time.Millisecond) {
		t.Error("it has ended")
	}
	k.Close()
}

// TestAFrozenKeeperEnds with its host, which then does its part.
func TestAFrozenKeeperEnds(t *testing.T) {
	k := start(t)
	ended := stray(t, k)
	pid := keepers()[0]
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if !ends(t, pid, 0) {
		t.Error("it lives on")
	}
	<-ended
}

// TestTheHostDoesWhatNoKeeperDid at its end.
func TestTheHostDoesWhatNoKeeperDid(t *testing.T) {
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	limit := func(l unix.Rlimit) {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
			t.Fatal(err)
		}
	}
	limit(unix.Rlimit{Cur: 0, Max: was.Max})
	k := start(t)
	limit(was)
	ended := stray(t, k)
	k.Close()
	<-ended
}

// start starts a keeper that runs.
func start(t *testing.T) *keeper.Keeper {
	t.Helper()
	k := keeper.Start(slog.New(slog.DiscardHandler))
	t.Cleanup(k.Close)
	k.Env()
	return k
}

// TestTheLogHearsOfAKeepersEnd.
func TestTheLogHearsOfAKeepersEnd(t *testing.T) {
	r, w := io.Pipe()
	k := keeper.Start(slog.New(slog.NewTextHandler(w, nil)))
	k.Env()
	if err := syscall.Kill(keepers()[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil || !strings.Contains(line, "signal: killed") {
		t.Errorf("%s: %v", line, err)
	}
	k.Close()
}

func Example() {
	k := keeper.Start(slog.New(slog.DiscardHandler))
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
// much more than a second's launches. To wait for it would take two seconds, and end it.
func TestTellingNeverWaits(t *testing.T) {
	k := start(t)
	if err := syscall.Kill(keepers()[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for range 100 { // as many bytes as of 5000 launches
		dir := "/" + strings.Repeat("d", 1000)
		k.AddDir(dir)
		k.RemoveDir(dir)
	}
	if took := time.Since(begin); took >= 2*time.Second {
		t.Errorf("it took %v", took)
	}
}
