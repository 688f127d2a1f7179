//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/plugin"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == gossipFile {
		gossip()
	}
	plugin.ServeSelf(builtin.Kinds()...)
	testscript.Main(leakFree{m}, map[string]func(){"hostelry": main})
}

// leakFree fails the tests if they leave a goroutine behind.
type leakFree struct{ *testing.M }

func (m leakFree) Run() int {
	if signal.Ignored(syscall.SIGHUP) { // by nohup: what the tests start is not to inherit that
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	status := m.M.Run()
	if status == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return status
}

// TestScripts runs the command as its users do. See testdata/script.
func TestScripts(t *testing.T) {
	plugins, gossips := buildPlugins(t), copyGossip(t)
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "until": until, "signal": sendSignal, "finish": finish,
			"summary": summary, "mkfifo": mkfifo, "await": await, "gone": gone, "digest": digest,
			"attached": attached,
		},
		Condition: installed,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PLUGINS", plugins)
			e.Setenv("GOSSIP", gossips)
			e.Setenv("REPOSITORY", repository)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
				e.Setenv(name, goEnv(t, name))
			}
			e.Setenv("GOPROXY", "off")
			running := &processes{byName: map[string]*process{}}
			e.Values[processesKey{}] = running
			e.Defer(running.kill)
			return nil
		},
	})
}

// installed reports whether there is what plugins in another language need: the
// distribution's packages, and npm with what examples/node has installed.
func installed(language string) (bool, error) {
	switch language {
	case "python":
		return exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").Run() == nil, nil
	case "node":
		_, err := os.Stat("../../examples/node/node_modules/@grpc")
		return err == nil && exec.Command("npm", "--version").Run() == nil, nil
	default:
		return false, fmt.Errorf("unknown condition %q", language)
	}
}

// buildPlugins compiles the examples that the scripts use as plugins.
func buildPlugins(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"digest", "tick", "misbehave"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "hostelry-"+name), "../../examples/"+name)
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	return dir
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	output, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}

// exits STATUS COMMAND ARG... runs a command that must exit with the status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG...")
	}
	checkStatus(ts, ts.Exec(args[1], args[2:]...), want)
}

func checkStatus(ts *testscript.TestScript, err error, want int) {
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// processes are those that a script has started, by name.
type processes struct{ byName map[string]*process }

// processesKey is where a script's values have its processes.
type processesKey struct{}

type process struct {
	cmd            *exec.Cmd
	stdout, stderr watched
	exited         chan struct{} // closed after err is set
	err            error
}

func (p *processes) kill() {
	for _, running := range p.byName {
		_ = running.cmd.Process.Kill()
		<-running.exited
	}
}

func named(ts *testscript.TestScript, name string) *process {
	p := ts.Value(processesKey{}).(*processes).byName[name]
	if p == nil {
		ts.Fatalf("no process %q was started", name)
	}
	return p
}

// start NAME COMMAND ARG... runs a command in the background.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME COMMAND ARG...")
	}
	path, err := lookPath(ts, args[1])
	ts.Check(err)
	p := &process{cmd: exec.Command(path, args[2:]...), exited: make(chan struct{})}
	p.cmd.Args[0] = args[1]
	p.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "PLUGINS", "REPOSITORY", "XDG_CACHE_HOME", "GORACE", "GOCACHE", "GOMODCACHE", "GOPATH", "NO_COLOR"} {
		if v := ts.Getenv(name); v != "" {
			p.cmd.Env = append(p.cmd.Env, name+"="+v)
		}
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	ts.Check(p.cmd.Start())
	go func() { // ends with the process: finish and kill wait for it
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	ts.Value(processesKey{}).(*processes).byName[args[0]] = p
}

func lookPath(ts *testscript.TestScript, name string) (string, error) {
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(filepath.ListSeparator)) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no command %q", name)
}

// until NAME TEXT... waits until the process has written each text to stdout or
// stderr.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until NAME TEXT...")
	}
	p := named(ts, args[0])
	for _, text := range args[1:] {
		select {
		case <-p.stdout.has(text):
		case <-p.stderr.has(text):
		case <-p.exited:
			ts.Fatalf("%s ended without %q; stdout:\n%s\nstderr:\n%s", args[0], text, p.stdout.text(), p.stderr.text())
		case <-time.After(30 * time.Second):
			ts.Fatalf("%s did not write %q; stdout:\n%s\nstderr:\n%s", args[0], text, p.stdout.text(), p.stderr.text())
		}
	}
}

// signal NAME HUP|INT|TERM|KILL sends a signal to the process.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL,
	}
	if neg || len(args) != 2 || signals[args[1]] == 0 {
		ts.Fatalf("usage: signal NAME HUP|INT|TERM|KILL")
	}
	ts.Check(named(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// finish NAME STATUS waits for the process, which must exit with the status, and
// leaves what it wrote in NAME.out and NAME.err.
func finish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: finish NAME STATUS")
	}
	p := named(ts, args[0])
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		ts.Fatalf("%s does not end; stdout:\n%s\nstderr:\n%s", args[0], p.stdout.text(), p.stderr.text())
	}
	ts.Logf("[stdout]\n%s[stderr]\n%s", p.stdout.text(), p.stderr.text())
	checkStatus(ts, p.err, want)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(p.stdout.text()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), []byte(p.stderr.text()), 0o600))
}

// watched is output that somebody may wait for.
type watched struct {
	mu      sync.Mutex
	written bytes.Buffer
	waiting map[string]chan struct{} // closed when the text is there
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written.Write(b)
	for text, found := range w.waiting {
		if strings.Contains(w.written.String(), text) {
			close(found)
			delete(w.waiting, text)
		}
	}
	return len(b), nil
}

func (w *watched) has(text string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if found := w.waiting[text]; found != nil {
		return found
	}
	found := make(chan struct{})
	if strings.Contains(w.written.String(), text) {
		close(found)
		return found
	}
	if w.waiting == nil {
		w.waiting = map[string]chan struct{}{}
	}
	w.waiting[text] = found
	return found
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written.String()
}

// summary FILE PATH=VALUE... checks that every line of the file (or stdout) is a
// JSON object with a type, that the last one alone is the summary, and that it
// has the values: tasks.0.state=failed. Of a value that is no text, it is the JSON.
func summary(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: summary FILE PATH=VALUE...")
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	var last any
	for i, line := range lines {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("line %d is no JSON object: %v: %s", i+1, err, line)
		}
		if isSummary := object["type"] == "summary"; isSummary != (i == len(lines)-1) || object["type"] == nil {
			ts.Fatalf("line %d of %d has type %v", i+1, len(lines), object["type"])
		}
		last = object
	}
	for _, arg := range args[1:] {
		path, want, _ := strings.Cut(arg, "=")
		if got := at(last, path); got != want {
			ts.Fatalf("%s is %s, want %s; the summary:\n%s", path, got, want, lines[len(lines)-1])
		}
	}
}

// at is the value at a path of keys and indexes, as text.
func at(v any, path string) string {
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(x) {
				return "(nothing)"
			}
			v = x[i]
		default:
			return "(nothing)"
		}
	}
	if text, ok := v.(string); ok {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// mkfifo FILE makes a named pipe.
func mkfifo(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
}

// await FIFO waits until somebody has written a line to the named pipe.
func await(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR|syscall.O_NONBLOCK, 0)
	ts.Check(err)
	defer f.Close()
	ts.Check(f.SetReadDeadline(time.Now().Add(30 * time.Second)))
	if _, err := bufio.NewReader(f).ReadString('\n'); err != nil {
		ts.Fatalf("nobody wrote to %s: %v", args[0], err)
	}
}

// gone FIFO waits until no process has the named pipe open for writing any more.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	ts.Check(err)
	defer f.Close()
	ts.Check(f.SetReadDeadline(time.Now().Add(10 * time.Second)))
	if _, err := io.Copy(io.Discard, f); err != nil {
		ts.Fatalf("a process still lives: %v", err)
	}
}

// digest DIR sets DIGEST to what the shell makes of a directory.
func digest(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("sh", "-c", "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum")
	cmd.Dir = ts.MkAbs(args[0])
	output, err := cmd.Output()
	ts.Check(err)
	sum, _, _ := strings.Cut(string(output), " ")
	ts.Setenv("DIGEST", sum)
}
