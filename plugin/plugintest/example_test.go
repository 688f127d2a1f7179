package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/plugin/plugintest"
	"github.com/hostelry-run/hostelry/shared/task"
)

// countConfig is a kind's config, and countKind the kind that the tests below test:
// it counts to a number, one a minute, and remembers how far it came.
type countConfig struct {
	To int `json:"to"`
}

func countKind() task.Kind {
	return task.NewKind("count", func(c countConfig) (task.Task, error) {
		if c.To <= 0 {
			return nil, errors.New("to is not positive")
		}
		return c, nil
	})
}

func (c countConfig) Run(ctx context.Context) (any, error) {
	n := 0
	if _, err := task.Restore(ctx, &n); err != nil {
		return nil, err
	}
	task.Ready(ctx)
	for n < c.To {
		if err := task.Sleep(ctx, time.Minute); err != nil {
			return n, err
		}
		n++
		task.Progress(ctx, int64(n), int64(c.To), "")
		if err := task.Checkpoint(ctx, n); err != nil {
			return n, err
		}
	}
	task.Logger(ctx).Info("done", "attempt", task.Attempt(ctx))
	return n, nil
}

// TestCounts runs a task to its end. In the bubble, ten minutes cost nothing.
func TestCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := plugintest.NewHost(t).Start(countKind(), countConfig{To: 10})
		var got int
		if err := a.Wait(&got); err != nil || got != 10 {
			t.Errorf("it counted %d, %v", got, err)
		}
		if p := a.Progress(); len(p) != 10 || p[9].Done != 10 || p[9].Total != 10 {
			t.Errorf("it reported %v", p)
		}
	})
}

// TestGoesOnWhereItWasStopped stops a task and begins it again.
func TestGoesOnWhereItWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := plugintest.NewHost(t)
		first := h.Start(countKind(), countConfig{To: 10})
		time.Sleep(3*time.Minute + time.Second)
		first.Stop()
		if err := first.Wait(nil); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		second := h.Start(countKind(), countConfig{To: 10})
		if err := second.Wait(nil); err != nil || time.Since(began) != 7*time.Minute {
			t.Errorf("the second attempt took %v, %v", time.Since(began), err)
		}
		if logs := second.Logs(); len(logs) != 1 || logs[0] != "level=INFO msg=done attempt=2" {
			t.Errorf("it logged %q", logs)
		}
	})
}

// TestRefuses a bad config, and a checkpoint that it did not make.
func TestRefuses(t *testing.T) {
	h := plugintest.NewHost(t)
	if err := h.Start(countKind(), nil).Wait(nil); !errors.Is(err, task.ErrBadConfig) {
		t.Errorf("without a config: %v", err)
	}
	h.SetCheckpoint("seven")
	if err := h.Start(countKind(), countConfig{To: 10}).Wait(nil); !errors.Is(err, task.ErrBadCheckpoint) {
		t.Errorf("with a checkpoint of another's: %v", err)
	}
}

// In a test, t is the *testing.T.
func Example() {
	t := &printer{}
	defer t.end()

	a := plugintest.NewHost(t).Start(countKind(), countConfig{To: 1000})
	a.WaitReady()
	a.Stop()
	var got int
	err := a.Wait(&got)
	fmt.Println(got, err)

	err = plugintest.NewHost(t).Start(countKind(), countConfig{To: -1}).Wait(nil)
	fmt.Println(err)
	// Output:
	// 0 <nil>
	// bad config for kind "count": to is not positive
}

// printer stands for a test where there is none.
type printer struct {
	testing.TB
	cleanUps []func()
}

func (*printer) Helper()             {}
func (*printer) Output() io.Writer   { return os.Stdout }
func (p *printer) Cleanup(f func())  { p.cleanUps = append(p.cleanUps, f) }
func (p *printer) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
func (p *printer) end() {
	for _, f := range p.cleanUps {
		f()
	}
}
