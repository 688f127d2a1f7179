package wire_test

import (
	"context"
	"io"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

// TestOrderly: whatever a task does, its plugin says ready once, and nothing after its
// last word.
func TestOrderly(t *testing.T) {
	var behind sync.WaitGroup
	t.Cleanup(behind.Wait)
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		task.Ready(ctx)
		for range 4 {
			running := make(chan struct{})
			behind.Go(func() { // outlives the task, which it should not
				for i := range int64(1000) {
					task.Ready(ctx)
					task.Progress(ctx, i, 0, "")
					if i == 100 {
						close(running)
					}
				}
				if err := task.Checkpoint(context.WithoutCancel(ctx), 1); err == nil {
					t.Error("a checkpoint after the end was kept")
				}
			})
			<-running
		}
		return "done", nil
	}))
	stream := rawRun(t, p)
	if err := stream.Send(start("test", "{}")); err != nil {
		t.Fatal(err)
	}
	ready, over := 0, false
	for {
		m, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if over {
			t.Fatalf("after its last word it said %v", m)
		}
		if m.GetReady() != nil {
			ready++
		}
		over = m.GetFinished() != nil
	}
	if ready != 1 || !over {
		t.Errorf("it said ready %d times, and its last word: %v", ready, over)
	}
}
