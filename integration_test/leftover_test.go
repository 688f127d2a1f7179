package integration_test

import (
	"os"
	"runtime"
	"testing"
)

// leavesNothing gives the test a TMPDIR of its own, short as the sockets in it
// need, and checks at the test's end that it is empty.
func leavesNothing(t *testing.T) string {
	t.Helper()
	base, variable := "/tmp", "TMPDIR"
	if runtime.GOOS == "windows" {
		base, variable = "", "TMP"
	}
	dir, err := os.MkdirTemp(base, "it") //nolint:usetesting // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(variable, dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("in %s are left %v, %v", variable, left, err)
		}
		os.RemoveAll(dir)
	})
	return dir
}
