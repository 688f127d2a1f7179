package view

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/host"
)

// TestHeardOnce: what a process said before it failed is shown once as it came, once
// more in the summary alone, and what was not shown with the failure.
func TestHeardOnce(t *testing.T) {
	var out bytes.Buffer
	v, err := New("plain", &out, &out, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	v.Begin(theRun)
	log := slog.New(LogHandler(v, slog.LevelInfo)).With("task", "bad")
	long := strings.Repeat("y", 600)
	log.Info("first", "stream", "stderr")
	log.Info(long)
	log.Info("no module x")
	slog.New(LogHandler(v, slog.LevelInfo)).With("task", "go-tree").Info("elsewhere")
	v.Event(at(400, "bad", failed(host.StateFailed, host.TaskError{
		Outcome: host.OutcomeLaunchFailed, ExitCode: 3,
		Stderr: []string{"first", long[:500] + "...", "elsewhere", "no module x"},
		Err:    errors.New("it ended (stderr: no module x)"),
	})))
	s := theSummary()
	s.Tasks[1].Error.Message = "it ended (stderr: no module x)"
	v.End(s)
	for text, want := range map[string]int{
		"first": 1, long: 1, "yyy...": 0, "elsewhere": 2, "no module x": 2,
		"failed: (launch-failed, exit status 3) it ended\n    stderr: elsewhere\n": 1,
		"exit status 3) it ended (stderr: no module x)\n":                          1,
	} {
		if got := strings.Count(out.String(), text); got != want {
			t.Errorf("%q is shown %d times, want %d:\n%s", text, got, want, out.String())
		}
	}
}
