package wire_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// TestForeignLogs: a plugin may log by messages too.
func TestForeignLogs(t *testing.T) {
	logs := []*taskpb.Log{
		{Level: taskpb.Log_LEVEL_WARN, Message: "w", Fields: []byte(`{"n":9007199254740993,"a":{"b":1}}`)},
		{Message: "unspecified"},
		{Level: taskpb.Log_LEVEL_DEBUG, Message: "d", Time: timestamppb.New(time.Unix(1, 0))},
		{Level: taskpb.Log_LEVEL_ERROR, Message: "e", Fields: []byte(`not JSON`), Time: &timestamppb.Timestamp{Nanos: -1}},
		{Level: 99, Message: "of later", Fields: []byte(`null`)},
		{Level: taskpb.Log_LEVEL_INFO},
	}
	messages := []*taskpb.RunResponse{begun()}
	for _, l := range logs {
		messages = append(messages, &taskpb.RunResponse{Message: &taskpb.RunResponse_Log{Log: l}})
	}
	keep := &keeper{}
	began := time.Now()
	end := run(t, wire.NewClient(dial(t, says(nil, append(messages, finished("", nil))...))), &host{logger: slog.New(keep)}, "")
	if end.Err != nil {
		t.Fatal(end.Err)
	}
	want := []string{`WARN w a={"b":1} n=9007199254740993`, "INFO unspecified", "DEBUG d", "ERROR e", "INFO of later", "INFO "}
	if !slices.Equal(keep.shown, want) {
		t.Errorf("logged\n%q, want\n%q", keep.shown, want)
	}
	for i, at := range keep.times {
		if i == 2 && !at.Equal(time.Unix(1, 0)) || i != 2 && (at.Before(began) || at.After(time.Now())) {
			t.Errorf("%s: its time is %v", keep.shown[i], at)
		}
	}
}

// keeper is a log handler that keeps what it handles.
type keeper struct {
	shown []string
	times []time.Time
}

func (k *keeper) Enabled(context.Context, slog.Level) bool { return true }
func (k *keeper) WithAttrs([]slog.Attr) slog.Handler       { return k }
func (k *keeper) WithGroup(string) slog.Handler            { return k }
func (k *keeper) Handle(_ context.Context, r slog.Record) error {
	k.shown, k.times = append(k.shown, show(r)), append(k.times, r.Time)
	return errBoom // of no consequence
}
