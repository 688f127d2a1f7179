//go:build unix

// Unix: the examples have fixed ports, and flock keeps two runs of them apart.

// Package examples_test runs the examples that are jobs.
package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outcome is what these tests look at of a run's summary.
type outcome struct {
	Type, Status string
	Tasks        []struct {
		ID, State string
		Attempts  int
		Result    json.RawMessage
	}
}

func TestThreeTier(t *testing.T) {
	got := run(t, "three-tier")
	for i, want := range []string{"build", "db", "api", "probe"} {
		if x := got.Tasks[i]; x.ID != want || x.State != "succeeded" {
			t.Errorf("task %d is %+v, want %s, succeeded", i, x, want)
		}
	}
	if result := string(got.Tasks[2].Result); result != `{"requests":8}` {
		t.Errorf("the web server's result is %s", result)
	}
}

func TestSelfHealing(t *testing.T) {
	got := run(t, "self-healing")
	for i, want := range []struct{ id, result string }{
		{"source", `{"counted":120,"from":0}`}, {"worker", `{"counted":30,`}, {"report", `{"counted":40,`},
	} {
		if x := got.Tasks[i]; x.ID != want.id || x.State != "succeeded" || !strings.HasPrefix(string(x.Result), want.result) {
			t.Errorf("task %d is %+v, want %s, succeeded with %s", i, x, want.id, want.result)
		}
	}
	// How often the third one was restarted depends on how quickly it began, and a
	// machine that is busy for seconds may have the watchdog bite once more.
	if first, second := got.Tasks[0].Attempts, got.Tasks[1].Attempts; first != 1 || second < 4 {
		t.Errorf("%d and %d attempts, want 1 and at least 4", first, second)
	}
}

// run runs the command of an example's README, first as it is and then for its
// summary, in a repository's root. Both must succeed.
func run(t *testing.T, example string) outcome {
	t.Helper()
	alone(t)
	command := readme(t, example)
	output := execute(t, command)
	if !strings.Contains(output, "\nTASK ") || !strings.Contains(output, " succeeded: ") {
		t.Errorf("it printed\n%s", output)
	}
	lines := strings.Split(strings.TrimSpace(execute(t, append(command, "--output", "json"))), "\n")
	var o outcome
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &o); err != nil || o.Type != "summary" || o.Status != "succeeded" {
		t.Fatalf("the last line is %s, %v", lines[len(lines)-1], err)
	}
	return o
}

// readme is the command that the README says runs the example.
func readme(t *testing.T, example string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```sh\n")
	command, _, ok := strings.Cut(rest, "\n```\n")
	if !ok || strings.Contains(command, "\n") {
		t.Fatalf("the README's command is %q, want one line", command)
	}
	return strings.Fields(command)
}

// execute runs a command and returns its stdout.
func execute(t *testing.T, command []string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = ".."
	var stderr strings.Builder
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s\n%s", command, err, output, &stderr)
	}
	return string(output)
}

// alone waits until no other process runs these tests, and keeps others out until
// the test's end.
func alone(t *testing.T) {
	t.Helper()
	name := filepath.Join(os.TempDir(), fmt.Sprintf("hostelry-examples-%d.lock", os.Getuid()))
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}
