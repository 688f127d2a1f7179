package host_test

import (
	"context"
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/shared/task"
)

// TestProgressAllocatesNothing in the host, while nobody reads it and while someone
// who does is slow.
func TestProgressAllocatesNothing(t *testing.T) {
	for name, subscribed := range map[string]bool{"unread": false, "read slowly": true} {
		t.Run(name, func(t *testing.T) {
			r, err := host.New(host.WithKinds(task.NewKind("reports", func(struct{}) (task.Task, error) {
				return task.Func(func(ctx context.Context) (any, error) {
					return testing.AllocsPerRun(1000, func() { task.Progress(ctx, 1, 2, "copying") }), nil
				}), nil
			})))
			if err != nil {
				t.Fatal(err)
			}
			if subscribed {
				_ = r.Events(t.Context()) // waits to be read
			}
			h, err := r.Add(host.Spec{ID: "reports", Kind: "reports", Mode: host.Goroutine})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n, err := host.Result[float64](t.Context(), h); err != nil || n != 0 {
				t.Errorf("a report allocates %v times: %v", n, err)
			}
		})
	}
}
