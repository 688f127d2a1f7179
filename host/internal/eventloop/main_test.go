package eventloop

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/shared/task"
)

// crashEnv makes the test binary run a coroutine that panics, and nothing else.
const crashEnv = "EVENTLOOP_TEST_CRASH"

func TestMain(m *testing.M) {
	if os.Getenv(crashEnv) != "" {
		l := New(Config{})
		l.Go("unguarded", func(task.Scheduler) { panicHere() })
		l.Close()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func panicHere() { panic("the last straw") }
