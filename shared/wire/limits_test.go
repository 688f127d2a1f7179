package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/task"
)

// largest is a value whose JSON, in base64, is as long as a result, config or
// checkpoint may be: 64 MiB, but for two bytes.
var largest = make([]byte, (64<<20-2)/4*3)

// TestTooLarge: what is larger than allowed fails with a word of the task's own,
// and ends nothing else.
func TestTooLarge(t *testing.T) {
	over := make([]byte, len(largest)+1)
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		if err := task.Checkpoint(ctx, over); !errors.Is(err, task.ErrBadCheckpoint) || !strings.Contains(err.Error(), "67108866 bytes") {
			t.Errorf("too large a checkpoint: %v", err)
		}
		if err := task.Checkpoint(ctx, 1); err != nil {
			t.Errorf("the next checkpoint: %v", err)
		}
		return over, errBoom
	}))
	end := p.run(t, &host{}, "")
	if end.Result != nil || !errors.Is(end.Err, task.ErrBadResult) || !end.Started {
		t.Errorf("too large a result: %d bytes, %v", len(end.Result), end.Err)
	}
	if !strings.Contains(end.Err.Error(), "boom") || !strings.Contains(end.Err.Error(), "67108866 bytes") {
		t.Errorf("it does not say why: %v", end.Err)
	}
	config := fmt.Appendf(nil, `{"pad":"%s"}`, over)
	if r, err := p.Start(t.Context(), "run-1", "test", config); r != nil || !errors.Is(err, task.ErrBadConfig) {
		t.Errorf("too large a config: %v", err)
	}
}

// TestLongTexts: they are cut, say so, and cost nothing else: not even the
// largest result.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("a\xff", 5<<20)
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		task.Progress(ctx, 1, 2, long)
		return largest, errors.Join(errors.New(long), &task.PanicError{Value: long, Stack: long}, task.ErrStopped)
	}))
	h := &host{}
	r, err := p.Start(h.on(t.Context()), "run-1", "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(h.on(t.Context()))
	if n := len(result.(json.RawMessage)); n != 64<<20-2 {
		t.Errorf("the result arrived with %d bytes", n)
	}
	var bad *task.PanicError
	if !errors.As(err, &bad) || !errors.Is(err, task.ErrStopped) {
		t.Fatal("a long text hides what the error is")
	}
	for what, text := range map[string]string{
		"error": err.Error(), "panic": bad.Value, "stack": bad.Stack, "progress": h.noted()[0],
	} {
		if len(text) > 1<<20 || !strings.HasSuffix(text, "bytes more)") || !strings.Contains(text, "a\uFFFDa\uFFFD") {
			t.Errorf("the %s arrived with %d bytes: %.30q ... %q", what, len(text), text, text[max(0, len(text)-30):])
		}
	}
}
