package integration_test

// Linux: the examples in Python and Node need it, and the tests use a shell's tools
// and /proc.

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// tallied is the result of a tally task.
type tallied struct {
	Lines, Values int
	Top           []struct {
		Value string
		Count int
	}
}

// eachLanguage runs f with a plugin directory that holds tally in one language.
func eachLanguage(t *testing.T, f func(t *testing.T, dir string)) {
	for language, check := range map[string]struct {
		program []string
		install string
	}{
		"python": {[]string{"/usr/bin/python3", "-c", "import grpc, google.protobuf"}, "apt-get install python3-grpcio python3-protobuf"},
		"node":   {[]string{"node", "-e", "require('@grpc/grpc-js'); require('@grpc/proto-loader')"}, "npm ci --ignore-scripts"},
	} {
		t.Run(language, func(t *testing.T) {
			home, err := filepath.Abs("../examples/" + language)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(check.program[0], check.program[1:]...)
			cmd.Dir = home
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%s lacks what the example needs (%s in %s): %v\n%s", language, check.install, home, err, out)
			}
			leavesNothing(t)
			f(t, tallyDir(t, home))
		})
	}
}

// tallyDir is a plugin directory with what is in home. The plugin is a copy, which
// nobody else can write whatever the rights in home.
func tallyDir(t *testing.T, home string) string {
	t.Helper()
	entries, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	dir := pluginDir(t)
	for _, entry := range entries {
		if err := os.Symlink(filepath.Join(home, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	plugin := filepath.Join(dir, "hostelry-tally")
	text, err := os.ReadFile(plugin)
	if err == nil {
		err = os.Remove(plugin)
	}
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, plugin, string(text), 0o700)
	return dir
}

// counted is a file with a second column of odd values, in the order of its lines.
func counted(t *testing.T) (file string, text string) {
	t.Helper()
	modules, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	text = string(modules) + "\n \t \na\n  a  \xff\ta\nb \xff\nc __proto__\nd \"\\\r\ne 1 \ne 01\nlast ümläut"
	file = filepath.Join(t.TempDir(), "two words")
	writeFile(t, file, text, 0o600)
	return file, text
}

// shellTally is what the shell makes of the file's second column.
func shellTally(t *testing.T, file string, top int) tallied {
	t.Helper()
	shell := exec.Command("sh", "-c", `
awk 'END {print NR}' "$1"
awk 'NF >= 2 {print $2}' "$1" | sort -u | wc -l
awk 'NF >= 2 {print $2}' "$1" | sort | uniq -c | sort -s -k1,1nr | head -n "$2"`, "sh", file, strconv.Itoa(top))
	shell.Env = append(os.Environ(), "LC_ALL=C")
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	var want tallied
	if _, err := fmt.Sscan(lines[0]+" "+lines[1], &want.Lines, &want.Values); err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[2:] {
		number, value, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
		count, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		want.Top = append(want.Top, struct {
			Value string
			Count int
		}{strings.ToValidUTF8(value, "\uFFFD"), count})
	}
	return want
}

// TestTallyEqualsTheShells runs it by the command, to the file's end.
func TestTallyEqualsTheShells(t *testing.T) {
	file, _ := counted(t)
	want := shellTally(t, file, 1000)
	eachLanguage(t, func(t *testing.T, dir string) {
		c := hostelry(t, "run", "--plugins", dir, "tally",
			"--set", "file="+file, "--set", "column=2", "--set", "top=1000", "--output", "json")
		status, summary := c.finish()
		if status != 0 || len(summary.Tasks) != 1 {
			t.Fatalf("status %d, summary %+v\n%s", status, summary, &c.stderr)
		}
		var got tallied
		if err := json.Unmarshal(summary.Tasks[0].Result, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("against the shell's: %s", diff)
		}
	})
}

// TestTallyGoesOn kills the plugin, which then goes on from its checkpoint, and stops
// it, which keeps its result.
func TestTallyGoesOn(t *testing.T) {
	eachLanguage(t, func(t *testing.T, dir string) {
		file, text := counted(t)
		text = text[:strings.LastIndex(text, "\n")+1] // the last line is not whole
		log := &notes{changed: make(chan struct{})}
		c := load(t, dir)
		r := newRunner(t, c, host.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		h, err := r.Add(host.Spec{
			ID: "tally", Kind: "tally", Config: fields{"file": file, "column": 2, "follow": true},
			Restart: host.Restart{When: host.RestartOnFailure, Initial: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		log.await(t, fmt.Sprintf("at_byte=%d", len(text)))
		plugins := pluginsOf(t, os.Getpid())
		if len(plugins) != 1 {
			t.Fatalf("the host has %d plugins, want 1", len(plugins))
		}
		if err := unix.Kill(plugins[0], unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		log.await(t, fmt.Sprintf("from_byte=%d", len(text)))
		appendFile(t, file, "\nmore \xff\n")
		log.await(t, fmt.Sprintf("at_byte=%d", fileSize(t, file)))
		if err := r.Stop(t.Context()); err != nil || h.State() != host.StateStopped {
			t.Errorf("Stop: %v; the task is %v", err, h.State())
		}
		got, err := host.Result[tallied](t.Context(), h)
		if diff := cmp.Diff(shellTally(t, file, 10), got); diff != "" || err != nil {
			t.Errorf("its result: %v; against the shell's: %s", err, diff)
		}
	})
}

func appendFile(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestKilledHostLeavesNoTallyBehind, neither its processes nor its sockets.
func TestKilledHostLeavesNoTallyBehind(t *testing.T) {
	eachLanguage(t, func(t *testing.T, dir string) {
		file, _ := counted(t)
		h := startEmbedder(t, dir, fiveOf("tally", fields{"file": file, "follow": true}))
		plugins := pluginsOf(t, h.Process.Pid)
		if len(plugins) != 5 {
			t.Fatalf("the host has %d plugins, want 5", len(plugins))
		}
		keepers := watchProcesses(t, descendants(t, h.Process.Pid)...)
		watched := watchProcesses(t, plugins...)
		if err := h.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		watched.awaitEnd(t, afterlife)
		keepers.awaitEnd(t, 10*time.Second)
	})
}

// TestLanguagesConform: a plugin in another language keeps every rule of the protocol,
// and those are seen to be kept that a task shows which runs until it is stopped.
func TestLanguagesConform(t *testing.T) {
	eachLanguage(t, func(t *testing.T, dir string) {
		file, _ := counted(t)
		config, err := json.Marshal(fields{"file": file, "column": 2, "follow": true})
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for _, r := range conform(t, filepath.Join(dir, "hostelry-tally"), string(config)) {
			if r.Verdict == conformance.Fail {
				t.Errorf("%s: %s\nrule %s: %q", r.Check.Name, r.Reason, r.Check.Rule, r.Check.Sentence)
			}
			seen[r.Check.Name] = r.Verdict == conformance.Pass
		}
		for _, name := range []string{"progress", "checkpoint", "restore", "stop-running", "stop-clean", "concurrent", "host-gone", "terminate"} {
			if !seen[name] {
				t.Errorf("%s was not seen to be kept", name)
			}
		}
	})
}
