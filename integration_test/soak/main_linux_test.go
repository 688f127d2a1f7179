package soak

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/plugin"
)

// length is how long the soak takes; 0 is the usual: see usual.
var length = flag.Duration("soak", 0, "how long the soak takes (default 15s, 8s in short runs and under the race detector)")

// TestMain runs the test, and is the plugin of its tasks in process mode.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the test starts
	plugin.ServeSelf(kind())
	os.Exit(run(m))
}

// run gives the test a TMPDIR of its own, to see what is left there.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "soak-") // short: sockets live below it
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	return m.Run()
}

// usual is how long the soak takes unless -soak says otherwise.
func usual(short bool) time.Duration {
	if short {
		return 8 * time.Second
	}
	return 15 * time.Second
}
