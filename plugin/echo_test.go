package plugin

import (
	"context"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/task"
)

// A signal and its echo, as timeout(1) sends them, are one: the process lives on, and
// the task has its grace.
func TestEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := attempt.New(t.Context(), func(context.Context) (task.Task, error) {
			return task.Func(func(ctx context.Context) (any, error) {
				<-ctx.Done()
				return nil, task.Sleep(context.WithoutCancel(ctx), 4*time.Second)
			}), nil
		})
		ended := make(chan attempt.End, 1)
		go a.Run(func() {}, func(e attempt.End) { ended <- e })
		signals := make(chan os.Signal, 2)
		signals <- syscall.SIGINT
		end := alone{grace: 5 * time.Second}.stop(a, slog.New(slog.DiscardHandler), ended, syscall.SIGINT, signals)
		if !end.Clean || len(signals) > 0 {
			t.Errorf("the task ended with %v", end.Err)
		}
		synctest.Wait()
	})
}
