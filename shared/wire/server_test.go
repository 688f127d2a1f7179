package wire_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestCloseWithoutTasks(t *testing.T) {
	p := serve(t, waits())
	if isClosed(p.server.Idle()) {
		t.Error("it is idle before it was closed")
	}
	p.server.Close(task.ErrStopped)
	p.server.Close(task.ErrHostGone)
	if !isClosed(p.server.Idle()) {
		t.Error("it is not idle")
	}
	r, err := p.Start(t.Context(), "run-1", "test", nil)
	if r != nil || !errors.Is(err, wire.ErrLost) || !strings.Contains(err.Error(), "the plugin is stopping: stopped on request") {
		t.Errorf("Start after Close = %v, %v", r, err)
	}
	if _, err := p.Describe(t.Context()); err != nil {
		t.Errorf("Describe after Close: %v", err)
	}
}

// TestCloseStopsTasks with its cause, and is idle once all have said so.
func TestCloseStopsTasks(t *testing.T) {
	stopping, finish := make(chan error, 1), make(chan struct{})
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		<-ctx.Done()
		stopping <- context.Cause(ctx)
		<-finish
		return "done", nil
	}))
	_, ends := p.begin(t, &host{})
	p.server.Close(task.ErrHostGone)
	if cause := <-stopping; cause != task.ErrHostGone {
		t.Errorf("the task's cause is %v", cause)
	}
	if isClosed(p.server.Idle()) {
		t.Error("it is idle while a task runs")
	}
	close(finish)
	<-p.server.Idle()
	if end := <-ends; string(end.Result) != `"done"` || end.Err != nil {
		t.Errorf("it ended with %+v", end)
	}
}

// TestManySessions: a thousand tasks over one connection, all running at once.
func TestManySessions(t *testing.T) {
	const n = 1000
	var all sync.WaitGroup
	all.Add(n)
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		task.Progress(ctx, 1, 2, "half")
		all.Done()
		<-ctx.Done()
		return 7, context.Cause(ctx)
	}))
	var runs sync.WaitGroup
	for range n {
		runs.Go(func() {
			if end := p.run(t, &host{}, ""); string(end.Result) != "7" || !end.Clean || !errors.Is(end.Err, task.ErrStopped) {
				t.Errorf("it ended with %+v", end)
			}
		})
	}
	all.Wait()
	p.server.Close(task.ErrStopped)
	runs.Wait()
	<-p.server.Idle()
}
