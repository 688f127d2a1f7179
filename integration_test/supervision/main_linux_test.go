package supervision

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// pluginName is the name of this binary as a plugin.
const pluginName = "troupe"

// What is in the environment of what the tests start.
const (
	roleKey = "SUPERVISION_ROLE" // makes this binary one of roles
	markKey = "SUPERVISION_MARK" // names the test, to find what it has left
)

var roles = map[string]func(){
	"server":     server,
	"grandchild": grandchild,
}

// The kinds of the tests: the same actor in the plugin, and in this program.
const (
	guest   = "guest"
	insider = "insider"
)

func kindOf(name string) task.Kind {
	return task.NewKind(name, func(a actor) (task.Task, error) { return &a, nil })
}

// known has both, and those of package builtin.
var known *catalog.Catalog

// TestMain runs the tests, and is everything that the tests start.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	if role, ok := roles[os.Getenv(roleKey)]; ok {
		role()
		os.Exit(0)
	}
	if filepath.Base(os.Args[0]) == catalog.Prefix+pluginName {
		prologue()
		plugin.Main(plugin.Info{Name: pluginName, Version: "0.1.0"}, kindOf(guest))
	}
	plugin.ServeSelf(append(builtin.Kinds(), kindOf(insider))...)
	os.Exit(run(m))
}

// run gives the tests a TMPDIR and a plugin directory of their own, and looks what
// is left of their sockets and goroutines.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "sup-") // short: sockets live below it
	if err == nil {
		defer os.RemoveAll(dir)
		os.Setenv("TMPDIR", dir)
		err = load(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if left, _ := filepath.Glob(filepath.Join(dir, "hostelry-*")); len(left) > 0 {
		err = fmt.Errorf("left over: %v", left)
	} else {
		err = goleak.Find()
	}
	if err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// load fills known.
func load(dir string) error {
	plugins := filepath.Join(dir, "plugins")
	if _, err := observe.CopySelf(plugins, catalog.Prefix+pluginName); err != nil {
		return err
	}
	var err error
	if known, err = catalog.New(append(builtin.Kinds(), kindOf(insider))...); err != nil {
		return err
	}
	if err := known.Load(context.Background(), plugins, catalog.WithCacheDir(filepath.Join(dir, "store"))); err != nil {
		return err
	}
	return known.Plugins()[0].Err
}
