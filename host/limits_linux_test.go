package host_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/host/internal/cgroup"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

func init() {
	programs[catalog.Prefix+"glutton"] = func() int {
		if os.Getenv(hastyKey) != "" { // it computes before it serves
			_, _ = spin(context.Background(), config{})
		}
		plugin.Main(plugin.Info{Name: "glutton", Version: "1.0.0"}, gluttonous()...)
		return 0
	}
	programs["bounded"] = bounded
}

// hastyKey makes the glutton use much before its handshake.
const hastyKey = "GLUTTON_IS_HASTY"

// gluttonous are kinds that use much. They are for a process of their own.
func gluttonous() []task.Kind {
	var all []task.Kind
	for name, f := range map[string]run{"open": open, "spin": spin, "spawn": spawn, "eat": eat, "desert": desert, "greet": greet} {
		all = append(all, task.NewKind(name, func(c config) (task.Task, error) {
			return task.Func(func(ctx context.Context) (any, error) { return f(ctx, c) }), nil
		}))
	}
	return all
}

func greet(_ context.Context, c config) (any, error) { return c.Text, nil }

// spin computes until it is killed.
func spin(context.Context, config) (any, error) {
	for n := 0; ; n++ {
		_ = sha256.Sum256([]byte{byte(n)})
	}
}

// open opens N files.
func open(_ context.Context, c config) (any, error) {
	for range c.N {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return nil, err
		}
		defer f.Close()
	}
	return nil, nil
}

// spawn starts N processes, and runs on with them.
func spawn(ctx context.Context, c config) (any, error) {
	task.Progress(ctx, 0, 0, ownCgroup())
	for range c.N {
		if err := exec.Command("sleep", "1000").Start(); err != nil {
			return nil, err
		}
	}
	return wait(ctx, c)
}

// eat uses N MiB.
func eat(ctx context.Context, c config) (any, error) {
	task.Progress(ctx, 0, 0, ownCgroup())
	memory := make([]byte, c.N<<20)
	for i := 0; i < len(memory); i += 4 << 10 {
		memory[i] = 1
	}
	return len(memory), nil
}

// desert starts a process in a session of its own, with nothing of the host in its
// environment, reports it, and ends at once if Text says so.
func desert(ctx context.Context, c config) (any, error) {
	cmd := exec.Command("setsid", "sleep", "1000")
	cmd.Env = []string{}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	task.Progress(ctx, int64(cmd.Process.Pid), 0, ownCgroup())
	if c.Text == "end" {
		return nil, nil
	}
	return wait(ctx, c)
}

// ownCgroup is the name of this process's cgroup.
func ownCgroup() string {
	text, _ := os.ReadFile("/proc/self/cgroup")
	_, path, _ := strings.Cut(string(text), "0::")
	name, _, _ := strings.Cut(path, "\n")
	return filepath.Base(name)
}

// needCgroup returns the directory where this program makes cgroups for the limits,
// and skips a test where it can make none.
func needCgroup(t *testing.T, want cgroup.Limits) string {
	t.Helper()
	l, err := cgroup.Find(want)
	if err != nil {
		t.Skipf("this process can make no such cgroup on this system: %v", err)
	}
	return filepath.Dir(l.New().Dir())
}

// newLimitedRig makes a runner with the kinds of a plugin that uses much.
func newLimitedRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	copySelf(t, dir, catalog.Prefix+"glutton")
	c := new(catalog.Catalog)
	if err := c.Load(t.Context(), dir, catalog.WithCacheDir(t.TempDir())); err != nil {
		t.Fatal(err)
	}
	return newRig(t, host.Process, host.WithCatalog(c), host.WithPolicy(host.LogOnly), host.WithStartTimeout(patience))
}

// limited adds a task with limits.
func (g *rig) limited(l host.Limits, kind string, c config, words ...string) *host.Handle {
	g.t.Helper()
	s := g.spec(kind, c, words...)
	s.Limits = l
	h, err := g.Add(s)
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

// wantOverLimit checks that a task failed of the limit.
func wantOverLimit(t *testing.T, h *host.Handle, which string) {
	t.Helper()
	err := taskError(t, h)
	if err.Outcome != host.OutcomeOverLimit || !strings.Contains(err.Error(), "over its limit on "+which) {
		t.Errorf("outcome %s: %v; want %s", err.Outcome, err, which)
	}
}

func TestOverALimitOfEachProcess(t *testing.T) {
	g := newLimitedRig(t)
	files := g.limited(host.Limits{OpenFiles: 64}, "open", config{N: 100})
	cpu := g.limited(host.Limits{CPU: time.Second}, "spin", config{})
	within := g.limited(host.Limits{OpenFiles: 64, CPU: 30 * time.Second}, "open", config{N: 10}, "within")
	s := g.spec("greet", config{}, "hasty")
	s.Limits, s.Env.Set = host.Limits{CPU: time.Second}, map[string]string{hastyKey: "yes"}
	hasty, err := g.Add(s)
	if err != nil {
		t.Fatal(err)
	}
	_ = g.Run(t.Context())
	wantOverLimit(t, hasty, "CPU time (1s)")
	wantOverLimit(t, files, "open files (64)")
	wantOverLimit(t, cpu, "CPU time (1s)")
	wantStates(t, host.StateSucceeded, within)
	wantNoPlugins(t)
}

func TestLimitsThatMakeNoSense(t *testing.T) {
	g := newRig(t, host.Process)
	for want, l := range map[string]host.Limits{
		"none is negative":                 {CPU: -time.Second},
		"memory of 1023 bytes":             {Memory: 1023},
		"not in whole seconds":             {CPU: time.Second + 1},
		"beyond the host's own hard limit": {OpenFiles: math.MaxInt},
	} {
		s := g.spec("nothing", config{})
		s.Limits = l
		var refused *host.SpecError
		if _, err := g.Add(s); !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", l, err, want)
		}
	}
}

// TestALimitOnProcesses is either enforced by a cgroup, by the system on a user that
// is not root, or refused with the reason.
func TestALimitOnProcesses(t *testing.T) {
	g := newRig(t, host.Process)
	s := g.spec("nothing", config{})
	s.Limits.Processes = 500
	_, err := g.Add(s)
	_, lack := cgroup.Find(cgroup.Limits{Processes: 500})
	if lack == nil || os.Geteuid() != 0 {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var refused *host.SpecError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "run the host as another user; a cgroup could enforce it, but "+lack.Error()) {
		t.Errorf("%v; want it refused, because %v", err, lack)
	}
}

func TestOverTheLimitOnProcesses(t *testing.T) {
	dir := needCgroup(t, cgroup.Limits{Processes: 1})
	g := newLimitedRig(t)
	over := g.limited(host.Limits{Processes: 120}, "spawn", config{N: 200})
	never := g.limited(host.Limits{Processes: 2}, "greet", config{}, "never") // Go itself needs more
	within := g.limited(host.Limits{Processes: 120, OpenFiles: 200}, "greet", config{})
	_ = g.Run(t.Context())
	wantOverLimit(t, over, "processes (120)")
	wantOverLimit(t, never, "processes (2)")
	wantStates(t, host.StateSucceeded, within)
	wantNoPlugins(t)
	wantNoCgroup(t, dir, over.Progress().Message, 0)
}

func TestOverTheLimitOnMemory(t *testing.T) {
	dir := needCgroup(t, cgroup.Limits{Memory: 1})
	g := newLimitedRig(t)
	over := g.limited(host.Limits{Memory: 200 << 20}, "eat", config{N: 1 << 10})
	within := g.limited(host.Limits{Memory: 200 << 20}, "greet", config{})
	_ = g.Run(t.Context())
	wantOverLimit(t, over, "memory (200 MiB)")
	if err := taskError(t, over); err.Signal != "killed" {
		t.Errorf("signal %q", err.Signal)
	}
	wantStates(t, host.StateSucceeded, within)
	wantNoCgroup(t, dir, over.Progress().Message, 0)
}

// TestWhoLeavesTheGroupDiesInItsCgroup, when the task ends well and the host lives on.
func TestWhoLeavesTheGroupDiesInItsCgroup(t *testing.T) {
	dir := needCgroup(t, cgroup.Limits{Processes: 1})
	g := newLimitedRig(t)
	h := g.limited(host.Limits{Processes: 100}, "desert", config{Text: "end"})
	_ = g.Run(t.Context())
	wantStates(t, host.StateSucceeded, h)
	wantDead(t, int(h.Progress().Done), 0)
	wantNoCgroup(t, dir, h.Progress().Message, 0)
}

// bounded is a host of a task that deserts, which it tells of.
func bounded() int {
	plugin.ServeSelf(gluttonous()...)
	r, err := host.New(host.WithMode(host.Process), host.WithKinds(gluttonous()...), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return 1
	}
	events := r.Events(context.Background())
	if _, err = r.Add(host.Spec{ID: "a", Kind: "desert", Limits: host.Limits{Processes: 100}}); err == nil {
		err = r.Start(context.Background())
	}
	if err != nil {
		fmt.Println(err)
		return 2
	}
	for e := range events {
		if e.Type == host.EventProgress {
			fmt.Println(e.Progress.Done, e.Progress.Message)
		}
	}
	return 3
}

// TestAKilledHostLeavesNoCgroup, nor what is in it, although that bears no mark.
func TestAKilledHostLeavesNoCgroup(t *testing.T) {
	dir := needCgroup(t, cgroup.Limits{Processes: 1})
	cmd := exec.Command(copySelf(t, t.TempDir(), "bounded"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	var pid int
	var name string
	if _, err := fmt.Sscan(line, &pid, &name); err != nil {
		_, _ = io.Copy(io.Discard, out)
		t.Fatalf("the host says %q and %v", line, cmd.Wait())
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	wantDead(t, pid, 10*time.Second)
	wantNoCgroup(t, dir, name, 10*time.Second)
}

// wantDead checks that a process is dead within d.
func wantDead(t *testing.T, pid int, d time.Duration) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
	if n < 1 {
		t.Errorf("process %d lives on: %v", pid, err)
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// wantNoCgroup checks that a task had a cgroup in dir, and that it is gone within d.
func wantNoCgroup(t *testing.T, dir, name string, d time.Duration) {
	t.Helper()
	if !strings.HasPrefix(name, "hostelry-") || name == "hostelry-host" {
		t.Errorf("the task was in cgroup %q", name)
	}
	_, err := os.Stat(filepath.Join(dir, name))
	for deadline := time.Now().Add(d); err == nil && time.Now().Before(deadline); runtime.Gosched() {
		_, err = os.Stat(filepath.Join(dir, name))
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("cgroup %s is left in %s: %v", name, dir, err)
	}
}
