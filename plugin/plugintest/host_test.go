package plugintest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/plugin/plugintest"
	"github.com/hostelry-run/hostelry/shared/task"
)

// fakeT is a test that notes how it fails.
type fakeT struct {
	testing.TB
	output   bytes.Buffer
	failures []string
	cleanUps []func()
}

func (*fakeT) Helper()                        {}
func (f *fakeT) Output() io.Writer            { return &f.output }
func (f *fakeT) Cleanup(c func())             { f.cleanUps = append(f.cleanUps, c) }
func (f *fakeT) Error(args ...any)            { f.failures = append(f.failures, fmt.Sprint(args...)) }
func (f *fakeT) Errorf(s string, args ...any) { f.Error(fmt.Sprintf(s, args...)) }
func (f *fakeT) Fatal(args ...any)            { f.Error(args...); runtime.Goexit() }
func (f *fakeT) Fatalf(s string, args ...any) { f.Fatal(fmt.Sprintf(s, args...)) }
func (f *fakeT) Logf(s string, args ...any)   { fmt.Fprintf(&f.output, s+"\n", args...) }

// run runs a test to its end, clean-ups included.
func (f *fakeT) run(test func()) {
	over := make(chan struct{})
	go func() { // ends with the test
		defer close(over)
		test()
	}()
	<-over
	for _, c := range slices.Backward(f.cleanUps) {
		c()
	}
}

// wants checks how the test failed: by these words alone.
func (f *fakeT) wants(t *testing.T, words ...string) {
	t.Helper()
	if len(f.failures) != len(words) {
		t.Fatalf("it failed with %q, want %q", f.failures, words)
	}
	for i, w := range words {
		if !strings.Contains(f.failures[i], w) {
			t.Errorf("it failed with %q, want %q in it", f.failures[i], w)
		}
	}
}

// kind is a kind without config, of a task.
func kind(t task.Task) task.Kind {
	return task.NewKind("test", func(struct{}) (task.Task, error) { return t, nil })
}

func kindOf(run func(context.Context) (any, error)) task.Kind { return kind(task.Func(run)) }

// stoppable is a task with a Stopper.
type stoppable struct {
	task.Task
	stop func(context.Context) error
}

func (s stoppable) Stop(ctx context.Context) error { return s.stop(ctx) }

func TestEnds(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		run func(context.Context) (any, error)
		is  error
		in  string
	}{
		"well":          {func(context.Context) (any, error) { return nil, nil }, nil, ""},
		"badly":         {func(context.Context) (any, error) { return nil, boom }, boom, "boom"},
		"in a panic":    {func(context.Context) (any, error) { panic(boom) }, boom, "panic: boom"},
		"in a Goexit":   {func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }, nil, "Goexit"},
		"as if stopped": {func(context.Context) (any, error) { return nil, task.ErrStopped }, task.ErrStopped, "stopped"},
		"without JSON":  {func(context.Context) (any, error) { return func() {}, nil }, task.ErrBadResult, "unsupported type"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeT{}
			fake.run(func() {
				err := plugintest.NewHost(fake).Start(kindOf(c.run), nil).Wait(nil)
				if (err == nil) != (c.in == "") || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(fmt.Sprint(err), c.in) {
					t.Errorf("it ended with %v", err)
				}
				var panicked *task.PanicError
				if errors.As(err, &panicked) != strings.HasPrefix(name, "in a ") {
					t.Errorf("it ended with %#v", err)
				}
				if panicked != nil && !strings.Contains(fake.output.String(), panicked.Stack) {
					t.Errorf("the test's output is without the stack: %s", &fake.output)
				}
			})
			fake.wants(t)
		})
	}
}

// TestStop: first the Stopper, then the ctx; what a stopped task returns is clean.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		a := plugintest.NewHost(t).Start(kind(stoppable{
			task.Func(func(ctx context.Context) (any, error) {
				<-ctx.Done()
				told = append(told, "ctx: "+context.Cause(ctx).Error())
				return "late", context.Cause(ctx)
			}),
			func(ctx context.Context) error {
				told = append(told, "Stop of "+task.ID(ctx))
				if _, ok := ctx.Deadline(); !ok {
					t.Error("the Stopper has no deadline")
				}
				return nil
			},
		}), nil)
		a.Stop()
		a.Stop()
		var got string
		if err := a.Wait(&got); err != nil || got != "late" {
			t.Errorf("it ended with %q, %v", got, err)
		}
		if want := []string{"Stop of test", "ctx: stopped on request"}; !slices.Equal(told, want) {
			t.Errorf("it was told %q, want %q", told, want)
		}
	})
}

func TestStopperFails(t *testing.T) {
	boom := errors.New("boom")
	a := plugintest.NewHost(t).Start(kind(stoppable{
		task.Func(func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, nil }),
		func(context.Context) error { return boom },
	}), nil)
	a.Stop()
	if err := a.Wait(nil); !errors.Is(err, boom) {
		t.Errorf("it ended with %v", err)
	}
}

// TestStopAfterTheEnd does nothing, and makes nothing clean.
func TestStopAfterTheEnd(t *testing.T) {
	a := plugintest.NewHost(t).Start(kindOf(func(context.Context) (any, error) { return nil, context.Canceled }), nil)
	first := a.Wait(nil)
	a.Stop()
	if err := a.Wait(nil); first != context.Canceled || err != first {
		t.Errorf("it ended with %v, and then with %v", first, err)
	}
}

// TestStubborn: who does not stop within the grace fails the test, waited for or not,
// once, and his logs reach no test that is over.
func TestStubborn(t *testing.T) {
	stubborn := kindOf(func(ctx context.Context) (any, error) {
		time.Sleep(time.Hour)
		task.Logger(ctx).Info("still here")
		return nil, nil
	})
	for _, waits := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeT{}
			began := time.Now()
			fake.run(func() {
				a := plugintest.NewHost(fake).Start(stubborn, nil)
				a.Stop()
				if waits {
					_ = a.Wait(nil)
					t.Error("it goes on")
				}
			})
			fake.wants(t, `the task of kind "test" still runs 5s after it was asked to stop`)
			if took := time.Since(began); took != 5*time.Second {
				t.Errorf("it took %v", took)
			}
			time.Sleep(2 * time.Hour)
			if fake.output.Len() > 0 {
				t.Errorf("after its end the test's output is %q", &fake.output)
			}
		})
	}
}

// TestLeftRunning: the test's end stops a task, and tells of a panic that nobody saw.
func TestLeftRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeT{}
		stopped := false
		fake.run(func() {
			h := plugintest.NewHost(fake)
			h.Start(kindOf(func(ctx context.Context) (any, error) { <-ctx.Done(); stopped = true; return nil, nil }), nil)
		})
		if fake.wants(t); !stopped {
			t.Error("it was not stopped")
		}
		fake.run(func() {
			plugintest.NewHost(fake).Start(kindOf(func(context.Context) (any, error) { panic("boom") }), nil)
		})
		fake.wants(t, `the task of kind "test" failed, and nobody waited for it: panic: boom`)
	})
}

func TestNeverReady(t *testing.T) {
	fake := &fakeT{}
	fake.run(func() {
		plugintest.NewHost(fake).Start(kindOf(func(context.Context) (any, error) { return nil, nil }), nil).WaitReady()
	})
	fake.wants(t, `the task of kind "test" ended without a call of task.Ready`)
	plugintest.NewHost(t).Start(kindOf(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		task.Ready(ctx)
		return nil, nil
	}), nil).WaitReady()
}

// TestMisused: a mistake in the test is told in words.
func TestMisused(t *testing.T) {
	ends := kindOf(func(context.Context) (any, error) { return nil, nil })
	for words, test := range map[string]func(*plugintest.Host){
		"task kind is empty":                     func(h *plugintest.Host) { h.Start(task.Kind{}, nil) },
		"the config does not encode as JSON":     func(h *plugintest.Host) { h.Start(ends, func() {}) },
		"the checkpoint does not encode as JSON": func(h *plugintest.Host) { h.SetCheckpoint(make(chan int)) },
	} {
		fake := &fakeT{}
		fake.run(func() { test(plugintest.NewHost(fake)) })
		fake.wants(t, words)
	}
	a := plugintest.NewHost(t).Start(kindOf(func(context.Context) (any, error) { return "seven", nil }), nil)
	var n int
	if err := a.Wait(&n); !errors.Is(err, task.ErrBadResult) || !strings.Contains(err.Error(), `"seven" does not decode into a *int`) {
		t.Errorf("a result of another type: %v", err)
	}
}

// TestRecords: what the task says, in its order, of each attempt.
func TestRecords(t *testing.T) {
	h := plugintest.NewHost(t)
	h.SetAttempt(4)
	h.SetCheckpoint(json.RawMessage(`7`))
	says := kindOf(func(ctx context.Context) (any, error) {
		var from int
		_, err := task.Restore(ctx, &from)
		task.Progress(ctx, 1, 0, "one")
		task.Progress(ctx, 2, 2, "")
		task.Logger(ctx).With("a", 1).Warn("odd", slog.Group("time", "time", "noon"))
		task.Heartbeat(ctx)
		return []int{task.Attempt(ctx), from}, errors.Join(err, task.Checkpoint(ctx, from+1), task.Checkpoint(ctx, from+2))
	})
	for _, c := range []struct{ found, kept string }{{"[4 7]", "[8 9]"}, {"[5 9]", "[10 11]"}} {
		a := h.Start(says, nil)
		var got []int
		if err := a.Wait(&got); err != nil || fmt.Sprint(got) != c.found {
			t.Errorf("it found %v, %v; want %v", got, err, c.found)
		}
		if got, want := fmt.Sprint(a.Progress()), "[{1 0 one} {2 2 }]"; got != want {
			t.Errorf("it reported %v", got)
		}
		if got, want := a.Logs(), []string{"level=WARN msg=odd a=1 time.time=noon"}; !slices.Equal(got, want) {
			t.Errorf("it logged %q", got)
		}
		if got := fmt.Sprintf("%s", a.Checkpoints()); got != c.kept {
			t.Errorf("it gave the checkpoints %s, want %s", got, c.kept)
		}
	}
	h.SetCheckpoint(nil)
	var got []int
	if err := h.Start(says, nil).Wait(&got); err != nil || fmt.Sprint(got) != "[6 0]" {
		t.Errorf("without a checkpoint it found %v, %v", got, err)
	}
}

// TestCheckpointAfterTheStop is kept, and fails.
func TestCheckpointAfterTheStop(t *testing.T) {
	h := plugintest.NewHost(t)
	a := h.Start(kindOf(func(ctx context.Context) (any, error) {
		<-ctx.Done()
		return task.Checkpoint(ctx, "last") == task.ErrStopped, nil
	}), nil)
	a.Stop()
	var refused bool
	if err := a.Wait(&refused); err != nil || !refused || len(a.Checkpoints()) != 1 {
		t.Errorf("it ended with %v, %v and %s", refused, err, a.Checkpoints())
	}
}
