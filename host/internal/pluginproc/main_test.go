package pluginproc_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// roleKey makes this test binary a plugin, good or bad, when it is started again.
const roleKey = "PLUGINPROC_TEST_ROLE"

// roles are what it can be. One that returns exits with status 0.
var roles = map[string]func(){"good": good}

func TestMain(m *testing.M) {
	if play, ok := roles[os.Getenv(roleKey)]; ok {
		play()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, keepCoverage())
}

// keepCoverage gives the processes that tests start a place for what they cover,
// about the lack of which they would complain on stderr.
func keepCoverage() goleak.Option {
	dir := ""
	if testing.CoverMode() != "" && os.Getenv("GOCOVERDIR") == "" {
		dir, _ = os.MkdirTemp("", "cover-")
		_ = os.Setenv("GOCOVERDIR", dir)
	}
	return goleak.Cleanup(func(status int) {
		_ = os.RemoveAll(dir)
		os.Exit(status)
	})
}

// as is the environment of a role, in which this binary says nothing of its own,
// and in a race build does not sleep for a second at its end.
func as(role string, env ...string) []string {
	return append([]string{roleKey + "=" + role, "GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}, env...)
}

// good serves: kinds that return at once, run until they are stopped, and call
// what is in flaws.
func good() {
	kinds := []task.Kind{
		kind("answer", func(context.Context) (any, error) { return 42, nil }),
		kind("pid", func(context.Context) (any, error) { return os.Getpid(), nil }),
		kind("wait", func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, context.Cause(ctx) }),
	}
	for name, flaw := range flaws {
		kinds = append(kinds, kind(name, func(context.Context) (any, error) { flaw(); return nil, nil }))
	}
	plugin.Main(plugin.Info{Name: "good", Version: "1.2.3"}, kinds...)
}

// flaws are kinds of what a plugin may do to its host.
var flaws = map[string]func(){
	"exit":  func() { os.Exit(3) },
	"panic": func() { go panic("boom"); select {} },
	"print": func() { fmt.Print(unpleasant()); fmt.Fprint(os.Stderr, unpleasant()) },
	"log":   func() { fmt.Fprint(os.Stderr, logLines) },
	"close": func() { os.Stdout.Close(); os.Stderr.Close() },
}

func kind(name string, run func(context.Context) (any, error)) task.Kind {
	return task.NewKind(name, func(struct{}) (task.Task, error) { return task.Func(run), nil })
}
