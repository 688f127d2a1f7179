package plugintest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/plugin/plugintest"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestConforms is the test that an author writes of each kind.
func TestConforms(t *testing.T) {
	plugintest.Run(t, countKind(), plugintest.WithConfig(countConfig{To: 10}))
}

// failKey has this binary, started again, run the tests that fail.
const failKey = "PLUGINTEST_TEST_FAIL"

// TestFails is of kinds that do not conform, or cannot be tested.
func TestFails(t *testing.T) {
	if os.Getenv(failKey) == "" {
		return // TestRunTells runs it
	}
	odd := kindOf(func(ctx context.Context) (any, error) {
		task.Progress(ctx, -1, 0, "")
		<-ctx.Done()
		return nil, nil
	})
	t.Run("odd", func(t *testing.T) { plugintest.Run(t, odd) })
	t.Run("none", func(t *testing.T) { plugintest.Run(t, task.Kind{}) })
	t.Run("config", func(t *testing.T) { plugintest.Run(t, odd, plugintest.WithConfig(func() {})) })
	t.Run("unseen", func(t *testing.T) {
		plugintest.Run(t, task.NewKind("unseen", func(c struct {
			To int `json:"to"`
		}) (task.Task, error) {
			return nil, nil
		}))
	})
}

// TestRunTells which check fails, why, and by which rule.
func TestRunTells(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestFails$", "-test.v")
	cmd.Env = append(os.Environ(), failKey+"=yes", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it succeeded")
	}
	for _, want := range []string{
		"--- FAIL: TestFails/odd/progress", "it reported -1 done of 0", "rule run-progress: \"`done` is not negative",
		"--- PASS: TestFails/odd/stop-running", "--- SKIP: TestFails/odd/restore", "not applicable: it makes no checkpoint",
		"--- FAIL: TestFails/none", "plugintest: task kind is empty",
		"--- FAIL: TestFails/config", "plugintest: the config does not encode as JSON",
		"--- SKIP: TestFails/unseen/start", "its config needs to, for which the schema has no example: give a config",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %s", want)
		}
	}
	if n := strings.Count(string(out), "--- FAIL: TestFails/odd/"); n != 1 || t.Failed() {
		t.Errorf("%d checks failed:\n%s", n, out)
	}
}
