package eventloop

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestGoexitEndsItsCoroutineAlone(t *testing.T) {
	l := New(Config{})
	var ended, others int
	for range 100 {
		l.Go("quitter", func(s task.Scheduler) {
			defer func() { ended++ }()
			s.Yield()
			runtime.Goexit()
		})
		l.Go("other", func(s task.Scheduler) {
			for range 10 {
				s.Yield()
			}
			others++
		})
	}
	l.Close() // returns, so that all ends were seen
	if ended != 100 || others != 100 {
		t.Errorf("%d quitters and %d others ended, want 100 each", ended, others)
	}
}

func TestGuardedPanic(t *testing.T) {
	l := New(Config{})
	var caught *task.PanicError
	l.Go("guarded", func(s task.Scheduler) {
		s.Yield()
		task.Guard(panicHere, func(e *task.PanicError) { caught = e })
	})
	l.Close()
	if caught == nil || caught.Value != "the last straw" {
		t.Errorf("caught %v", caught)
	}
}

func TestGoexitInAwait(t *testing.T) {
	l := New(Config{})
	resumed := false
	l.Go("awaits", func(s task.Scheduler) {
		s.Await(runtime.Goexit)
		resumed = true
	})
	l.Close()
	if !resumed {
		t.Error("the coroutine was not resumed")
	}
}

func TestUnguardedPanicEndsTheProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), crashEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("the program went on")
	}
	for _, want := range []string{`coroutine "unguarded": the last straw`, "eventloop.panicHere"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the crash does not tell %q:\n%s", want, out)
		}
	}
}
