package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/shared/schema"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestMain makes this binary misbehave, if the environment says so.
func TestMain(m *testing.M) {
	if config := os.Getenv("MISBEHAVE"); config != "" {
		t, err := misbehaveKind().New(json.RawMessage(config))
		if err == nil {
			_, err = t.Run(context.Background())
		}
		fmt.Println(err)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func Example() {
	t, err := misbehaveKind().New(json.RawMessage(`{"how": "fail"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = t.Run(context.Background())
	fmt.Println(err)
	// Output: failed, as asked
}

// host counts what a task logs.
type host struct{ logs *atomic.Int64 }

func (host) ID() string                                        { return "test" }
func (host) Attempt() int                                      { return 1 }
func (h host) Logger() *slog.Logger                            { return slog.New(slog.NewTextHandler(counter{h.logs}, nil)) }
func (host) Ready()                                            {}
func (host) Progress(int64, int64, string)                     {}
func (host) Heartbeat()                                        {}
func (host) Checkpoint(context.Context, json.RawMessage) error { return nil }
func (host) Restore() json.RawMessage                          { return nil }

type counter struct{ writes *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return len(p), nil
}

// running is a task that was started.
type running struct {
	task task.Task
	stop func()       // asks it to stop
	end  <-chan ended // gets how it ended, once
	logs *atomic.Int64
}

// ended is how a task ended.
type ended struct {
	result any
	err    error
}

func start(t *testing.T, config string) running {
	t.Helper()
	made, err := misbehaveKind().New(json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	h := host{new(atomic.Int64)}
	ctx, cancel := context.WithCancelCause(task.WithHost(context.Background(), h))
	end := make(chan ended, 1)
	go func() { // ends with the task
		var e ended
		task.Guard(func() { e.result, e.err = made.Run(ctx) }, func(p *task.PanicError) {
			if p != nil {
				e.err = p
			}
			end <- e
		})
	}()
	return running{made, func() { cancel(task.ErrStopped) }, end, h.logs}
}

func TestEndsBadly(t *testing.T) {
	var panicked *task.PanicError
	for how, as := range map[string]func(error) bool{
		"fail":   func(err error) bool { return err.Error() == "failed, as asked" },
		"panic":  func(err error) bool { return errors.As(err, &panicked) && panicked.Value == "panicked, as asked" },
		"goexit": func(err error) bool { return errors.As(err, &panicked) && strings.Contains(panicked.Value, "Goexit") },
	} {
		r := start(t, fmt.Sprintf(`{"how":%q,"after":"1ms"}`, how))
		if got := <-r.end; got.err == nil || !as(got.err) {
			t.Errorf("%s: got %v", how, got.err)
		}
	}
}

func TestBadResult(t *testing.T) {
	r := start(t, `{"how":"bad-result"}`)
	got := <-r.end
	if _, err := json.Marshal(got.result); err == nil || got.err != nil {
		t.Errorf("got %v, %v, want a result that does not encode", got.result, got.err)
	}
}

func TestBehavesAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := start(t, `{"how":"fail","after":"1m"}`)
		if <-r.end; time.Since(began) != time.Minute {
			t.Errorf("it failed after %v, want 1m", time.Since(began))
		}
		r = start(t, `{"how":"fail","after":"1m"}`)
		r.stop()
		if got := <-r.end; got.err != task.ErrStopped {
			t.Errorf("stopped before it misbehaves, it ended with %v", got.err)
		}
	})
}

func TestIgnoresItsStop(t *testing.T) {
	for _, how := range []string{"hang", "ignore-stop", "slow-stop"} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, fmt.Sprintf(`{"how":%q,"lasts":"1h"}`, how))
			synctest.Wait()
			stopped := time.Now()
			r.stop()
			atStop := r.logs.Load()
			got := <-r.end
			if took := time.Since(stopped); took != time.Hour {
				t.Errorf("%s: it ended %v after its stop, want 1h", how, took)
			}
			if got.err != nil && got.err != task.ErrStopped {
				t.Errorf("%s: got %v", how, got.err)
			}
			if more := r.logs.Load() - atStop; (more > 1000) != (how == "ignore-stop") {
				t.Errorf("%s: it logged %d lines after its stop", how, more)
			}
		})
	}
}

func TestStopError(t *testing.T) {
	r := start(t, `{"how":"stop-error"}`)
	if err := r.task.(task.Stopper).Stop(t.Context()); err == nil || err.Error() != "did not stop well, as asked" {
		t.Errorf("Stop: %v", err)
	}
	r.stop()
	if got := <-r.end; got.err != task.ErrStopped {
		t.Errorf("Run: %v", got.err)
	}
}

func TestFlood(t *testing.T) {
	r := start(t, `{"how":"flood","lines":100,"size":10}`)
	if got := <-r.end; got.err != nil || r.logs.Load() != 101 { // with the warning
		t.Errorf("it logged %d lines, %v", r.logs.Load(), got.err)
	}
	r = start(t, `{"how":"flood"}`)
	r.stop()
	if got := <-r.end; got.err != task.ErrStopped {
		t.Errorf("an endless flood ended with %v", got.err)
	}
}

func TestBusyNeitherYieldsNorStops(t *testing.T) {
	const lasts = 50 * time.Millisecond
	var l loop
	ctx, cancel := context.WithCancelCause(task.WithScheduler(t.Context(), &l))
	time.AfterFunc(lasts/5, func() { cancel(task.ErrStopped) })
	began := time.Now()
	_, err := busy(ctx, misbehaviour{lasts: lasts})
	if took := time.Since(began); err != nil || took < lasts || l.gave {
		t.Errorf("it ended after %v with %v, and gave the loop to others: %v", took, err, l.gave)
	}
}

// loop notes whether it was given to others.
type loop struct{ gave bool }

func (l *loop) Sleep(context.Context, time.Duration) { l.gave = true }
func (l *loop) Await(f func())                       { l.gave = true; f() }
func (l *loop) Yield()                               { l.gave = true }

func TestGarbage(t *testing.T) {
	const size = 100 << 10
	var b bytes.Buffer
	if err := printGarbage(&b, size); err != nil {
		t.Fatal(err)
	}
	longest := 0
	for line := range bytes.Lines(b.Bytes()) {
		longest = max(longest, len(line))
	}
	if longest != size+1 || !bytes.Contains(b.Bytes(), []byte("\x00")) || bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		t.Errorf("the longest line has %d bytes, want %d; the end is %q", longest, size+1, b.Bytes()[b.Len()-10:])
	}
}

func TestLeaksAGrandchild(t *testing.T) {
	r := start(t, `{"how":"leak-grandchild","lasts":"1m"}`)
	got := <-r.end
	left, ok := got.result.(grandchild)
	if !ok || got.err != nil {
		t.Fatalf("got %v, %v", got.result, got.err)
	}
	process, err := os.FindProcess(left.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Errorf("the grandchild is not alive: %v", err)
	}
	_, _ = process.Wait()
}

func TestEndsItsProcess(t *testing.T) {
	for config, want := range map[string]string{
		`{"how":"exit","code":7}`: "exit status 7",
		`{"how":"exit"}`:          "exit status 1",
		`{"how":"signal"}`:        killed,
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "MISBEHAVE="+config, "GORACE=atexit_sleep_ms=0")
		if err := cmd.Run(); err == nil || err.Error() != want {
			t.Errorf("%s: it ended with %v, want %s", config, err, want)
		}
	}
}

func TestSchemaNamesEveryWay(t *testing.T) {
	raw, err := schema.Of(misbehaveKind().ConfigType())
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties struct {
			How struct {
				Enum []string `json:"enum"`
			} `json:"how"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range ways() {
		names = append(names, w.name)
	}
	if got, want := fmt.Sprint(s.Properties.How.Enum), fmt.Sprint(names); got != want {
		t.Errorf("the schema has\n%s, there are\n%s", got, want)
	}
}

func TestBadConfig(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                             "use one of fail, panic",
		`{"how":"well"}`:                 "use one of fail, panic",
		`{"how":"fail","after":"later"}`: "such as 500ms",
		`{"how":"hang","lasts":"-1s"}`:   "not negative",
		`{"how":"flood","lines":-1}`:     "not be negative",
	} {
		_, err := misbehaveKind().New(json.RawMessage(config))
		if !errors.Is(err, task.ErrBadConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("config %s: got %v, want a bad config that says %q", config, err, want)
		}
	}
}
