package candidate_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/candidate"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

const prefix = "hostelry-"

// roles are what this binary is under the names of plugins. One that returns exits
// with status 0.
var roles = map[string]func(){
	"good":  good,
	"mute":  func() { time.Sleep(time.Minute) },
	"flood": func() { fmt.Print(strings.Repeat("x", 1<<20)); os.Exit(5) },
}

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), prefix); ok {
		if play := roles[name]; play != nil {
			play()
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

// good serves tasks that run until they are stopped, or end the process at once.
func good() {
	plugin.Main(plugin.Info{Name: "good", Version: "1.2.3"},
		task.NewKind("wait", func(struct{}) (task.Task, error) {
			return task.Func(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, context.Cause(ctx) }), nil
		}),
		task.NewKind("exit", func(struct{}) (task.Task, error) {
			return task.Func(func(context.Context) (any, error) { panic("unreachable") }), nil
		}),
	)
}

// link makes this binary a plugin in dir.
func link(dir, name string) (string, error) {
	binary, err := os.Executable()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, prefix+name)
	return file, os.Symlink(binary, file)
}

// open is the candidate of that role. It is closed at the test's end.
func open(t *testing.T, name string) *candidate.Candidate {
	t.Helper()
	file, err := link(t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := candidate.New(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
