package host_test

import (
	"context"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// What a Stop asks of its ctx is about its own task, whoever asked for the stop.
func TestStoppersContextIsThatOfItsTask(t *testing.T) {
	eachMode(t, func(t *testing.T, m host.Mode) {
		g := newRig(t, m)
		h := g.add("stop-reports", config{Text: "closing", N: 7})
		g.start()
		g.awaitReady(h)
		if err := g.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if h.Progress().Done != 7 || h.Progress().Message != "stop-reports" {
			t.Errorf("progress is %+v", h.Progress())
		}
		if g.log.line("WARN", "closing", "task=stop-reports") == "" {
			t.Error("what Stop logged is not in the log")
		}
	})
}

func TestStoppersContextIsNotThatOfTheTaskThatAsks(t *testing.T) {
	for _, m := range inProcessModes {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var h *host.Handle
				asks := task.NewKind("asks", func(config) (task.Task, error) {
					return task.Func(func(ctx context.Context) (any, error) { return nil, h.Stop(ctx) }), nil
				})
				g := newRig(t, m, host.WithKinds(asks))
				h = g.add("stop-reports", config{Text: "closing", N: 7})
				g.start()
				g.awaitReady(h)
				asker := g.add("asks", config{})
				<-asker.Done()
				wantStates(t, host.StateSucceeded, asker)
				if h.Progress().Done != 7 || asker.Progress().Done != 0 {
					t.Errorf("progress is %+v, the asker's %+v", h.Progress(), asker.Progress())
				}
			})
		})
	}
}
