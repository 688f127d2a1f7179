package chaos

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

const (
	deaths      = 50
	deathsShort = 5
	hostsAtOnce = 5
	lifeEvents  = 60 // a job of the busy host, from its begin to its end, has half of that
)

// dirKey names the directory of a busy host: its plugins are in it, and its store.
const dirKey = "CHAOS_DIR"

// busyHost is a host that runs a job, stops it, and begins anew, until it is
// killed. It prints a line for each change of a task's state.
func busyHost() {
	fmt.Println("hello")
	dir := os.Getenv(dirKey)
	c := &catalog.Catalog{}
	if err := c.Load(context.Background(), filepath.Join(dir, "plugins"), catalog.WithCacheDir(filepath.Join(dir, "store"))); err != nil {
		panic(err)
	}
	fmt.Println("loaded")
	for {
		job(c)
	}
}

func job(c *catalog.Catalog) {
	runner, err := host.New(host.WithCatalog(c), host.WithMode(host.Process), host.WithPolicy(host.LogOnly),
		host.WithGrace(200*time.Millisecond), host.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	for id, how := range busyTasks {
		_, err := runner.Add(host.Spec{ID: id, Kind: "misbehave", Env: host.Env{
			FromHost: []string{"GORACE", markKey}, Set: map[string]string{howKey: how},
		}})
		if err != nil {
			panic(err)
		}
	}
	events := runner.Events(context.Background())
	if err := runner.Start(context.Background()); err != nil {
		panic(err)
	}
	up := 0
	for e := range events {
		switch e.Type {
		case host.EventState:
			fmt.Println(e.Task, e.State)
		case host.EventReady:
			if up++; up == len(busyTasks) {
				go runner.Stop(context.Background()) // ends with the run; its error is that some had to be killed
			}
		}
	}
}

// busyTasks are the rows that the job's tasks act.
var busyTasks = map[string]string{
	"busy-1": "is busy", "busy-2": "is busy", "stubborn": "is stubborn",
	"foreign-1": "is foreign, with a grandchild", "foreign-2": "is foreign, with a grandchild", "frozen": "is foreign, and frozen",
}

// TestADeadHostLeavesNothing kills hosts at random moments of their lives.
func TestADeadHostLeavesNothing(t *testing.T) {
	n := deaths
	if testing.Short() || observe.Racing {
		n = deathsShort
	}
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the seed was %d", seed)
		}
	})
	binary := copySelf(t, filepath.Join(t.TempDir(), "binary"), "host")
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range hostsAtOnce {
		workers.Go(func() { // ends when the channel is closed
			for i := range numbers {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					killBusyHost(t, binary, rand.New(rand.NewPCG(seed, uint64(i))))
				})
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	workers.Wait()
}

func killBusyHost(t *testing.T, binary string, random *rand.Rand) {
	t.Helper()
	dir := hostDir(t)
	link(t, binary, filepath.Join(dir, "plugins", pluginFile))
	link(t, binary, filepath.Join(dir, "host"))
	cmd := exec.Command(filepath.Join(dir, "host"))
	cmd.Env = append(os.Environ(), roleKey+"=busy-host", dirKey+"="+dir)
	killAt(t, cmd, dir, random)
}

// hostDir is a directory for a host, with a TMPDIR in it that is short enough for
// sockets.
func hostDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "h") //nolint:usetesting // its path must be short
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "t"), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// toDie is how long after its host's death everything may live: 2 s. On a busy
// machine a keeper may not get its turns in that time, and it is 10 s.
func toDie(t *testing.T) time.Duration {
	t.Helper()
	if observe.Busy(t) {
		return 10 * time.Second
	}
	return 2 * time.Second
}

// killAt kills a host after some of the lines that it prints and a moment more,
// and sees that nothing is left of it.
func killAt(t *testing.T, cmd *exec.Cmd, dir string, random *rand.Rand) {
	t.Helper()
	mark := filepath.Base(dir)
	tmp := filepath.Join(dir, "t")
	cmd.Env = append(cmd.Env, markKey+"="+mark, "TMPDIR="+tmp)
	count, moment := 1+random.IntN(lifeEvents), time.Duration(random.Int64N(int64(30*time.Millisecond)))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.WaitDelay = quickly
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	last := ""
	for seen := 0; seen < count && lines.Scan(); seen++ {
		last = lines.Text()
	}
	<-time.After(moment)
	_ = cmd.Process.Kill()
	died := time.Now()
	_ = cmd.Wait()
	if stderr.Len() > 0 {
		t.Errorf("the host said: %s", &stderr)
	}
	left := observe.Find(t, ofHost(dir, mark))
	observe.WantNone(t, died.Add(toDie(t)), ofHost(dir, mark))
	if entries, err := os.ReadDir(tmp); len(entries) > 0 || err != nil {
		t.Errorf("it left these files: %v, %v", entries, err)
	}
	t.Logf("killed %v after line %d (%.80s), with %d processes, which were gone after %v",
		moment.Round(time.Millisecond), count, last, len(left), time.Since(died).Round(time.Millisecond))
}

// ofHost matches everything that a host started: what carries its mark, and what
// runs from its directory, as do its keeper and what it launches to load.
func ofHost(dir, mark string) func(int) bool {
	marked, local := observe.HasEnv(markKey+"="+mark), observe.RunsFrom(dir)
	return func(pid int) bool { return marked(pid) || local(pid) }
}

func link(t *testing.T, from, to string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(to), 0o700)
	if err == nil {
		err = os.Link(from, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestADeadCommandLeavesNothing is the same for the hostelry command.
func TestADeadCommandLeavesNothing(t *testing.T) {
	if testing.Short() || observe.Racing {
		t.Skip("it compiles the command")
	}
	dir := hostDir(t)
	command := filepath.Join(dir, "hostelry")
	if out, err := exec.Command("go", "build", "-o", command, "../../cmd/hostelry").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	copySelf(t, filepath.Join(dir, "plugins"), pluginFile)
	var file strings.Builder
	fmt.Fprintf(&file, "plugins: {dir: plugins}\nmode: process\npolicy: log-only\ngrace: 200ms\nenv: {from_host: [%s, GORACE]}\ntasks:\n", markKey)
	for _, id := range slices.Sorted(maps.Keys(busyTasks)) {
		fmt.Fprintf(&file, "  %s:\n    kind: misbehave\n    env: {set: {%s: %q}}\n", id, howKey, busyTasks[id])
	}
	jobFile := filepath.Join(dir, "job.yaml")
	if err := os.WriteFile(jobFile, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command, "run", "--output", "json", jobFile)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	killAt(t, cmd, dir, rand.New(rand.NewPCG(0, 0)))
}
