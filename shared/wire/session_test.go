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
		"progress 1/3 one", "ready", "progress -1/4611686018427387904 far\uFFFD\x00", "heartbeat",
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
