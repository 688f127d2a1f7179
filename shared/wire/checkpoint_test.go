package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestCheckpointWaitsForTheHost(t *testing.T) {
	keeping, keep := make(chan struct{}), make(chan struct{})
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		err := task.Checkpoint(ctx, 1)
		task.Progress(ctx, 1, 1, "kept")
		return nil, err
	}))
	h := &host{keep: func(context.Context, json.RawMessage) error { close(keeping); <-keep; return nil }}
	_, ends := p.begin(t, h)
	<-keeping
	if got := h.noted(); len(got) != 1 {
		t.Errorf("before the checkpoint was kept: %q", got)
	}
	close(keep)
	if end := <-ends; end.Err != nil {
		t.Errorf("it ended with %+v", end)
	}
	if got := h.noted(); !slices.Equal(got, []string{"checkpoint 1", "progress 1/1 kept"}) {
		t.Errorf("the host was told %q", got)
	}
}

func TestCheckpointsSideBySide(t *testing.T) {
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		var all sync.WaitGroup
		errs := make([]error, 50)
		for i := range errs {
			all.Go(func() { errs[i] = task.Checkpoint(ctx, i) })
		}
		all.Wait()
		return nil, errors.Join(errs...)
	}))
	h := &host{}
	if end := p.run(t, h, ""); end.Err != nil {
		t.Errorf("it ended with %+v", end)
	}
	if got := h.noted(); len(got) != 50 {
		t.Errorf("the host was given %d checkpoints", len(got))
	}
}

// TestCheckpointNotKept: a checkpoint that the host does not keep is never
// acknowledged; the task waits until it is stopped.
func TestCheckpointNotKept(t *testing.T) {
	p := serve(t, kind(func(ctx context.Context) (any, error) { return nil, task.Checkpoint(ctx, 1) }))
	refused := make(chan struct{})
	a, ends := p.begin(t, &host{keep: func(context.Context, json.RawMessage) error { close(refused); return errBoom }})
	<-refused
	a.Stop(t.Context(), task.ErrStopped)
	if end := <-ends; !end.Clean || !errors.Is(end.Err, task.ErrStopped) {
		t.Errorf("it ended with %+v", end)
	}
}

// TestCheckpointWithoutHost fails when the host is gone, whatever ctx it has.
func TestCheckpointWithoutHost(t *testing.T) {
	results := make(chan error, 1)
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		results <- task.Checkpoint(context.WithoutCancel(ctx), 1)
		return nil, nil
	}))
	reached := make(chan struct{})
	_, ends := p.begin(t, &host{keep: func(ctx context.Context, _ json.RawMessage) error {
		close(reached)
		return errBoom // not kept: the task waits
	}})
	<-reached
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-results; !errors.Is(err, task.ErrHostGone) {
		t.Errorf("Checkpoint = %v", err)
	}
	<-ends
}
