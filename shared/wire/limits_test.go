package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
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

// TestForeignTexts: a plugin that does not know the limits meets them at its host, and
// what is too large is said not to be kept.
func TestForeignTexts(t *testing.T) {
	huge, keep, h := strings.Repeat("x", 2<<20), &keeper{}, &host{}
	h.logger = slog.New(keep)
	oversize := make([]byte, 64<<20+1)
	oversize[0], oversize[len(oversize)-1] = '"', '"'
	for i := range oversize[1 : len(oversize)-1] {
		oversize[i+1] = 'x'
	}
	end := run(t, wire.NewClient(dial(t, says(nil, begun(),
		&taskpb.RunResponse{Message: &taskpb.RunResponse_Progress{Progress: &taskpb.Progress{Message: huge}}},
		&taskpb.RunResponse{Message: &taskpb.RunResponse_Log{Log: &taskpb.Log{Message: huge, Fields: []byte(`{"a":"` + huge + `"}`)}}},
		&taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{Checkpoint: &taskpb.Checkpoint{Sequence: 3, Data: oversize}}},
		finished("7", nil)))), h, "")
	if end.Err != nil || string(end.Result) != "7" {
		t.Fatalf("%s, %v", end.Result, end.Err)
	}
	const most = 256<<10 + 40
	if told := h.noted(); len(told) != 1 || len(told[0]) > most || !strings.HasSuffix(told[0], "bytes more)") {
		t.Errorf("%d reports, the first of %d bytes", len(told), len(told[0]))
	}
	if len(keep.shown) != 2 || len(keep.shown[0]) > most || !strings.HasSuffix(keep.shown[0], "bytes more) dropped_bytes=2097160") {
		t.Errorf("%d log records, the first of %d bytes", len(keep.shown), len(keep.shown[0]))
	}
	if last := keep.shown[len(keep.shown)-1]; !strings.Contains(last, "a checkpoint was not kept") || !strings.Contains(last, "67108865 bytes") ||
		!strings.Contains(last, "sequence=3") {
		t.Errorf("the checkpoint: %.200q", last)
	}
}
