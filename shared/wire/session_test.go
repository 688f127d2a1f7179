package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

func TestDescribe(t *testing.T) {
	p := serve(t, task.NewKind("one", func(struct{}) (task.Task, error) { return nil, nil }, task.WithDescription("First.")),
		task.NewKind("two", func(struct{}) (task.Task, error) { return nil, nil }, task.WithDescription("\xff second")))
	for range 2 { // it answers the same each time
		d, err := p.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(d)
		want := `{"name":"test","version":"1.2.3","kinds":[` +
			`{"name":"one","description":"First.","config_schema":{"type":"object"}},` +
			`{"name":"two","description":"` + "\uFFFD" + ` second","config_schema":{"type":"object"}}]}`
		if string(text) != want {
			t.Errorf("it describes itself as\n%s, want\n%s", text, want)
		}
	}
}

// TestStartTellsTheTask all that the host knows.
func TestStartTellsTheTask(t *testing.T) {
	type config struct {
		Root string `json:"root"`
	}
	p := serve(t, task.NewKind("test", func(c config) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			var kept []int
			found, err := task.Restore(ctx, &kept)
			return fmt.Sprint(c.Root, " ", task.ID(ctx), " ", task.Attempt(ctx), " ", found, kept), err
		}), nil
	}))
	end := p.run(t, &host{id: "tree", attempt: 3, restore: json.RawMessage(`[1,2]`)}, `{"root":"/srv"}`)
	if string(end.Result) != `"/srv tree 3 true [1 2]"` || end.Err != nil || !end.Started {
		t.Errorf("it ended with %s, %+v", end.Result, end)
	}
	end = p.run(t, &host{id: "tree", attempt: 1}, ``)
	if string(end.Result) != `" tree 1 false []"` || end.Err != nil {
		t.Errorf("it ended with %s, %+v", end.Result, end)
	}
}

// TestReports: what the task says reaches the host, all of it, in order.
func TestReports(t *testing.T) {
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		task.Progress(ctx, 1, 3, "one")
		task.Ready(ctx)
		task.Ready(ctx)
		task.Progress(ctx, -1, 1<<62, "far\xff\x00")
		task.Heartbeat(ctx)
		err := task.Checkpoint(ctx, []string{"a", "<&>"})
		task.Progress(ctx, 3, 3, "")
		return nil, err
	}))
	h := &host{}
	if end := p.run(t, h, ""); end.Err != nil || end.Result != nil {
		t.Errorf("it ended with %+v", end)
	}
	want := []string{
		"progress 1/3 one", "ready", "ready", "progress -1/4611686018427387904 far\uFFFD\x00", "heartbeat",
		`checkpoint ["a","\u003c\u0026\u003e"]`, "progress 3/3 ",
	}
	if got := h.noted(); !slices.Equal(got, want) {
		t.Errorf("the host was told\n%q, want\n%q", got, want)
	}
}

func TestResults(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		err   error
		want  string
	}{
		"nothing":       {nil, nil, ""},
		"text":          {"a\"\n\x00ü", nil, `"a\"\n\u0000ü"`},
		"big number":    {uint64(1<<64 - 1), nil, `18446744073709551615`},
		"with an error": {[]int{1}, errBoom, `[1]`},
		"ten megabytes": {strings.Repeat("x", 10<<20), nil, `"` + strings.Repeat("x", 10<<20) + `"`},
		"a null":        {json.RawMessage("null"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			end := serve(t, kind(func(context.Context) (any, error) { return c.value, c.err })).run(t, &host{}, "")
			if string(end.Result) != c.want {
				t.Errorf("the result has %d bytes, want %d", len(end.Result), len(c.want))
			}
			if (end.Err == nil) != (c.err == nil) || end.Err != nil && end.Err.Error() != c.err.Error() {
				t.Errorf("it ended with %v", end.Err)
			}
		})
	}
}

func TestNotStarted(t *testing.T) {
	p := serve(t, task.NewKind("test", func(struct{ Panic, Exit bool }) (task.Task, error) { return nil, errBoom }),
		task.NewKind("panics", func(struct{}) (task.Task, error) { panic("at once") }),
		task.NewKind("exits", func(struct{}) (task.Task, error) { runtime.Goexit(); return nil, nil }))
	for _, c := range []struct {
		kind, config, text string
		want               error
	}{
		{"test", `{}`, `bad config for kind "test": boom`, task.ErrBadConfig},
		{"test", `{"a":1}`, `bad config for kind "test": json: unknown field "a"`, task.ErrBadConfig},
		{"test", `{`, `bad config for kind "test": unexpected EOF`, task.ErrBadConfig},
		{"none", `{}`, `unknown kind: plugin "test" does not offer "none"`, task.ErrUnknownKind},
		{"", ``, `unknown kind: plugin "test" does not offer ""`, task.ErrUnknownKind},
		{"\xff", ``, "unknown kind: plugin \"test\" does not offer \"\uFFFD\"", task.ErrUnknownKind},
		{"panics", `{}`, `panic: at once`, nil},
		{"exits", `{}`, `panic: runtime.Goexit called`, nil},
	} {
		r, err := p.Start(t.Context(), "run-1", c.kind, json.RawMessage(c.config))
		if r != nil || err == nil || err.Error() != c.text || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("Start(%q, %s) = %v, %v, want %q", c.kind, c.config, r, err, c.text)
		}
		var bad *task.PanicError
		if c.want == nil && (!errors.As(err, &bad) || bad.Stack == "") {
			t.Errorf("the panic of %q has no stack: %v", c.kind, err)
		}
	}
}

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

// TestHostGone: the task's cause is ErrHostGone when the connection ends.
func TestHostGone(t *testing.T) {
	causes := make(chan error, 1)
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return nil, nil
	}))
	_, ends := p.begin(t, &host{})
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if end := <-ends; !errors.Is(end.Err, wire.ErrLost) || end.Clean {
		t.Errorf("for the host it ended with %+v", end)
	}
	if cause := <-causes; cause != task.ErrHostGone {
		t.Errorf("for the task it was %v", cause)
	}
}

// TestCtxEndsStart, and what had begun is stopped: on request if that is ctx's
// cause, else because its host is gone.
func TestCtxEndsStart(t *testing.T) {
	for cause, seen := range map[error]error{errBoom: task.ErrHostGone, task.ErrStopped: task.ErrStopped} {
		making, release := make(chan struct{}), make(chan struct{})
		p := serve(t, task.NewKind("test", func(struct{}) (task.Task, error) {
			close(making)
			<-release
			return task.Func(func(ctx context.Context) (any, error) { // if it is quicker than the news
				<-ctx.Done()
				if got := context.Cause(ctx); got != seen {
					t.Errorf("for the task %v was %v", cause, got)
				}
				return nil, context.Cause(ctx)
			}), nil
		}))
		ctx, cancel := context.WithCancelCause(t.Context())
		var starting sync.WaitGroup
		starting.Go(func() {
			r, err := p.Start(ctx, "run-1", "test", nil)
			if r != nil || !errors.Is(err, cause) && (cause == task.ErrStopped || !errors.Is(err, wire.ErrLost)) {
				t.Errorf("Start ended by %v = %v, %v", cause, r, err)
			}
		})
		<-making
		cancel(cause)
		close(release)
		starting.Wait()
		p.server.Close(seen)
		<-p.server.Idle()
	}
}

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
