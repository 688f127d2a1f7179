package eventloop

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

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

// parting is a body that tells when it is gone.
type parting struct {
	run  func(task.Scheduler)
	gone chan struct{}
}

func (b *parting) Run(s task.Scheduler)          { b.run(s) }
func (*parting) Context() context.Context        { return nil }
func (*parting) Name() string                    { return "parting" }
func (b *parting) Gone()                         { b.gone <- struct{}{} }
func newParting(f func(task.Scheduler)) *parting { return &parting{f, make(chan struct{}, 2)} }

// Each body is told once that it is gone, after its last deferred call, by the time that
// Close returns, unless it was taken off.
func TestGone(t *testing.T) {
	for name, end := range map[string]func(){"returns": func() {}, "calls Goexit": runtime.Goexit} {
		for where, orphan := range map[string]bool{"on the loop": false, "taken off": true} {
			t.Run(name+" "+where, func(t *testing.T) {
				atStart := goleak.IgnoreCurrent()
				l := New(Config{})
				deferred := false
				b := newParting(nil)
				var c Coroutine
				b.run = func(s task.Scheduler) {
					defer func() {
						if deferred = true; len(b.gone) > 0 {
							t.Error("it is gone before its end")
						}
					}()
					s.Yield()
					if orphan && !c.Orphan() {
						t.Error("it was not taken off")
					}
					end()
				}
				l.Start(&c, b)
				l.Close()
				if !orphan && len(b.gone) != 1 {
					t.Errorf("%d were told, want 1", len(b.gone))
				}
				<-b.gone
				if !deferred {
					t.Error("it is gone, but has not ended")
				}
				if err := goleak.Find(atStart); err != nil { // an orphan ends after that
					t.Error(err)
				}
				if len(b.gone) > 0 {
					t.Error("it was told twice")
				}
			})
		}
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
