package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hostelry-run/hostelry/plugin/plugintest"
	"github.com/hostelry-run/hostelry/shared/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	t, err := tickKind().New(json.RawMessage(`{"interval": "1ms", "count": 3}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := t.Run(context.Background())
	fmt.Printf("%+v %v\n", result, err)
	// Output: {Ticks:3} <nil>
}

func run(ctx context.Context, config string) error {
	t, err := tickKind().New(json.RawMessage(config))
	if err != nil {
		return err
	}
	_, err = t.Run(ctx)
	return err
}

func TestTicksAtTheIntervalForACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		a := plugintest.NewHost(t).Start(tickKind(), config{Interval: "1m30s", Count: 2})
		a.WaitReady()
		var got result
		if err := a.Wait(&got); got != (result{2}) || err != nil {
			t.Errorf("got %v, %v, want 2 ticks", got, err)
		}
		if took := time.Since(start); took != 3*time.Minute {
			t.Errorf("it took %v, want 3m", took)
		}
		at := func(d time.Duration) string { return start.Add(d).Format("15:04:05") }
		want := fmt.Sprintf("[{1 2 %s} {2 2 %s}]", at(90*time.Second), at(3*time.Minute))
		if got := fmt.Sprint(a.Progress()); got != want {
			t.Errorf("it reported %s, want %s", got, want)
		}
	})
}

func TestTicksUntilStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cleanup := filepath.Join(t.TempDir(), "cleanup")
		a := plugintest.NewHost(t).Start(tickKind(), config{Cleanup: cleanup})
		time.Sleep(3500 * time.Millisecond)
		a.Stop()
		var got result
		if err := a.Wait(&got); got != (result{3}) || err != nil {
			t.Errorf("got %v, %v, want 3 ticks kept", got, err)
		}
		if text, err := os.ReadFile(cleanup); string(text) != "stopped after 3 ticks\n" {
			t.Errorf("the clean-up left %q, %v", text, err)
		}
	})
}

// TestConforms checks the kind as `hostelry plugin test` does the plugin.
func TestConforms(t *testing.T) {
	plugintest.Run(t, tickKind(), plugintest.WithConfig(config{Interval: "10ms"}))
}

func TestFailedCleanUpIsAFailure(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(task.ErrStopped)
	err := run(ctx, fmt.Sprintf(`{"cleanup":%q}`, filepath.Join(t.TempDir(), "missing", "cleanup")))
	if !errors.Is(err, os.ErrNotExist) || errors.Is(err, task.ErrStopped) {
		t.Errorf("got %v, want what kept it from cleaning up", err)
	}
}

// loop notes what gives it to others.
type loop struct{ slept, awaited int }

func (l *loop) Sleep(context.Context, time.Duration) { l.slept++ }
func (l *loop) Await(f func())                       { l.awaited++; f() }
func (*loop) Yield()                                 {}

func TestLeavesTheEventLoopToOthers(t *testing.T) {
	var l loop
	if err := run(task.WithScheduler(t.Context(), &l), `{"interval":"1h","count":4}`); err != nil || l.slept != 4 {
		t.Errorf("it slept %d times, %v, want 4 sleeps on the loop", l.slept, err)
	}
}

func TestBadConfig(t *testing.T) {
	for config, want := range map[string]string{
		`{"interval":"soon"}`: "such as 500ms",
		`{"interval":"-1s"}`:  "positive",
		`{"count":-1}`:        "until stopped",
		`{"cuont":1}`:         "cuont",
	} {
		err := run(t.Context(), config)
		if !errors.Is(err, task.ErrBadConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("config %s: got %v, want a bad config that says %q", config, err, want)
		}
	}
}
