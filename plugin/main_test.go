package plugin_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// roleKey makes this test binary one of the roles when it is started again.
const roleKey = "PLUGIN_TEST_ROLE"

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

// quiet is the environment in which this binary, started again, says nothing of
// its own, and in a race build does not sleep for a second at its end.
func quiet() []string {
	return []string{"GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"), "TMPDIR=" + os.TempDir()}
}

// pipe is closed at the test's end.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}
