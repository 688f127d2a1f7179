// Package integration_test builds the command and the example plugins, and
// launches, freezes and kills them.
package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"go.uber.org/goleak"
)

// binaries is the directory of what was built: hostelry, digest, embed, misbehave, tick.
var binaries string

// roleKey is the variable that makes this binary, started again, a program that
// embeds a host.
const roleKey = "HOSTELRY_INTEGRATION_ROLE"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for processes that the tests start
	if os.Getenv(roleKey) == "embedder" {
		os.Exit(embedder())
	}
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		os.RemoveAll(binaries)
		os.Exit(status)
	}))
}

// build fills binaries. They are built without the race detector: the packages'
// own tests look for races.
func build() (err error) {
	if binaries, err = os.MkdirTemp("", "integration-"); err != nil {
		return err
	}
	const module = "github.com/hostelry-run/hostelry/"
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binaries+string(filepath.Separator),
		module+"cmd/hostelry", module+"examples/digest", module+"examples/embed", module+"examples/misbehave", module+"examples/tick",
	).CombinedOutput()
	if err != nil {
		os.RemoveAll(binaries)
		return fmt.Errorf("build the command and the examples: %w\n%s", err, out)
	}
	return nil
}

// binary is the path of something that was built.
func binary(name string) string { return filepath.Join(binaries, name+exe) }

// exe is what the name of an executable ends with.
var exe = map[bool]string{true: ".exe"}[runtime.GOOS == "windows"]
