package host_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/plugin"
)

// TestMain runs the tests, and everything that the tests launch: this binary
// under its own name is the plugin of process mode, and a copy of it under the
// name of a program is that program.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if program, ok := programs[name]; ok {
		os.Exit(program())
	}
	passGate()
	plugin.ServeSelf(append(kinds(), counted(new(atomic.Int64)), editions())...)
	var err error
	if tested, err = catalog.New(kinds()...); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// tested has the kinds of the tests.
var tested *catalog.Catalog

// programs are hosts of their own; each returns its exit status.
var programs = map[string]func() int{
	"unserved": unserved,
	"attached": attached,
	"isolated": isolated,
}

// copySelf copies this binary into dir under another name.
func copySelf(t *testing.T, dir, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
