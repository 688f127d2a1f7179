package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
)

func TestStopBecomesTheTasksStop(t *testing.T) {
	for name, c := range map[string]struct {
		grace time.Duration // 0 is none
		is    func(left time.Duration, ok bool) bool
	}{
		"with a grace":    {time.Hour, func(left time.Duration, ok bool) bool { return ok && left > 50*time.Minute && left <= time.Hour }},
		"without":         {0, func(_ time.Duration, ok bool) bool { return !ok }},
		"that is over":    {-time.Second, func(left time.Duration, ok bool) bool { return ok && left <= 0 }},
		"beyond all time": {1<<63 - 1, func(left time.Duration, ok bool) bool { return ok && left > 1<<61 }},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan context.Context, 2)
			p := serve(t, task.NewKind("test", func(struct{}) (task.Task, error) { return stoppable{asked}, nil }))
			r, err := p.Start(t.Context(), "run-1", "test", nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			if c.grace != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.grace)
				defer cancel()
			}
			for range 2 {
				if err := r.Stop(ctx); err != nil {
					t.Error(err)
				}
			}
			if v, err := r.Run(t.Context()); fmt.Sprintf("%s", v) != `"stopped on request"` || !errors.Is(err, task.ErrStopped) {
				t.Errorf("it ended with %s, %v", v, err)
			}
			deadline, ok := (<-asked).Deadline()
			if left := time.Until(deadline); !c.is(left, ok) {
				t.Errorf("the Stopper's ctx has %v left (%v)", left, ok)
			}
			if len(asked) > 0 {
				t.Error("the Stopper was asked twice")
			}
		})
	}
}

// stoppable says with which ctx it was stopped, and returns ctx's cause as text.
type stoppable struct{ asked chan<- context.Context }

func (stoppable) Run(ctx context.Context) (any, error) {
	<-ctx.Done()
	return context.Cause(ctx).Error(), context.Cause(ctx)
}
func (s stoppable) Stop(ctx context.Context) error { s.asked <- ctx; return nil }

func TestStopErrorCrosses(t *testing.T) {
	p := serve(t, task.NewKind("test", func(struct{}) (task.Task, error) { return stopFails{}, nil }))
	a, ends := p.begin(t, &host{})
	a.Stop(t.Context(), task.ErrStopped)
	if end := <-ends; end.Clean || end.Err == nil || end.Err.Error() != "stop: boom" || !task.IsPermanent(end.Err) {
		t.Errorf("it ended with %+v", end)
	}
}

type stopFails struct{}

func (stopFails) Run(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() }
func (stopFails) Stop(context.Context) error           { return task.Permanent(errBoom) }

// TestEndOfCtxAsks: the end of Run's ctx asks the task to stop; it does not end
// the stream.
func TestEndOfCtxAsks(t *testing.T) {
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		<-ctx.Done()
		return "cleaned up", context.Cause(ctx)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := p.Start(ctx, "run-1", "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if v, err := r.Run(ctx); fmt.Sprintf("%s", v) != `"cleaned up"` || !errors.Is(err, task.ErrStopped) {
		t.Errorf("Run = %s, %v", v, err)
	}
}

// TestStopJustBeforeTheStream: a request that comes when Start has begun, and there
// is no stream to send it by, is not lost.
func TestStopJustBeforeTheStream(t *testing.T) {
	p := serve(t, waits())
	for range 20 {
		ctx, stop := context.WithCancelCause(t.Context())
		h := &stopsAtRestore{host: &host{}, stop: func() { stop(task.ErrStopped) }}
		if r, err := p.Start(task.WithHost(ctx, h), "run-1", "test", nil); r != nil || !errors.Is(err, task.ErrStopped) {
			t.Errorf("Start: %v, %v", r, err)
		}
	}
}

// stopsAtRestore is a host that stops its task while that is being started.
type stopsAtRestore struct {
	*host
	stop func()
}

func (h *stopsAtRestore) Restore() json.RawMessage {
	h.stop()
	for range 100 { // what waits for the end of ctx has its turn
		runtime.Gosched()
	}
	return nil
}
