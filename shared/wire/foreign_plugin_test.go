package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// foreign is a plugin of someone else's: it sends what it likes.
type foreign struct {
	taskpb.UnimplementedTaskServiceServer
	run      func(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error
	describe func(ctx context.Context) (*taskpb.DescribeResponse, error)
}

func (f foreign) Run(s grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
	return f.run(s)
}

func (f foreign) Describe(ctx context.Context, _ *taskpb.DescribeRequest) (*taskpb.DescribeResponse, error) {
	return f.describe(ctx)
}

// says sends messages, however the host takes it, and ends the stream.
func says(end error, messages ...*taskpb.RunResponse) foreign {
	return foreign{run: func(s grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
		for _, m := range messages {
			if err := s.Send(m); err != nil {
				return err
			}
		}
		return end
	}}
}

func begun() *taskpb.RunResponse {
	return &taskpb.RunResponse{Message: &taskpb.RunResponse_Started{Started: &taskpb.Started{}}}
}

func ready() *taskpb.RunResponse {
	return &taskpb.RunResponse{Message: &taskpb.RunResponse_Ready{Ready: &taskpb.Ready{}}}
}

func progress(done int64) *taskpb.RunResponse {
	return &taskpb.RunResponse{Message: &taskpb.RunResponse_Progress{Progress: &taskpb.Progress{Done: done}}}
}

func finished(result string, failure *taskpb.Failure) *taskpb.RunResponse {
	return &taskpb.RunResponse{Message: &taskpb.RunResponse_Finished{
		Finished: &taskpb.Finished{Result: []byte(result), Failure: failure},
	}}
}

// later is a message of a newer protocol: one that is not in the oneof.
func later() *taskpb.RunResponse {
	m := &taskpb.RunResponse{}
	m.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 99, protowire.BytesType), []byte("news")))
	return m
}

// TestForeignPlugins: a host takes what they say as the protocol says, ignores
// the rest, and loses no task.
func TestForeignPlugins(t *testing.T) {
	failure := &taskpb.Failure{Message: "no luck", Codes: []taskpb.Code{taskpb.Code_CODE_BAD_CONFIG, 99}}
	for name, c := range map[string]struct {
		plugin  foreign
		started bool
		result  string
		err     string // in the error, or "" for none
		is      error
		told    []string
	}{
		"good": {says(nil, begun(), progress(1), finished("7", nil)), true, "7", "", nil, []string{"progress 1/0 "}},
		"finished without started": {
			says(nil, finished("7", nil)), true, "7", "", nil, nil,
		},
		"failed without started": {
			says(nil, finished("", failure)), false, "", "no luck", task.ErrBadConfig, nil,
		},
		"reports before started": {
			says(nil, ready(), progress(1), begun(), finished("", nil)), true, "", "", nil, []string{"ready", "progress 1/0 "},
		},
		"started twice": {
			says(nil, begun(), begun(), ready(), begun(), finished("7", nil)), true, "7", "", nil, []string{"ready"},
		},
		"finished twice": {
			says(nil, begun(), finished("7", nil), finished("8", failure), ready()), true, "7", "", nil, nil,
		},
		"messages of later": {
			says(nil, later(), begun(), later(), &taskpb.RunResponse{}, finished("7", nil)), true, "7", "", nil, nil,
		},
		"not a word":                {says(nil), false, "", "without a last word", wire.ErrLost, nil},
		"ended without finished":    {says(nil, begun()), true, "", "without a last word", wire.ErrLost, nil},
		"ended by an error":         {says(status.Error(codes.Internal, "oh"), begun(), ready()), true, "", "oh", wire.ErrLost, []string{"ready"}},
		"ended by a bare status":    {says(status.Error(codes.DataLoss, ""), begun()), true, "", "last word: its stream ended with status DataLoss", wire.ErrLost, nil},
		"an error in place of all":  {says(status.Error(codes.Unimplemented, "what?")), false, "", "what?", wire.ErrLost, nil},
		"finished, then an error":   {says(status.Error(codes.Internal, "oh"), begun(), finished("7", nil)), true, "7", "", nil, nil},
		"a result that is not JSON": {says(nil, begun(), finished("{7", nil)), true, "", `the plugin sent "{7", which is not JSON`, task.ErrBadResult, nil},
		"a result not in UTF-8":     {says(nil, begun(), finished("\"\xff\"", nil)), true, "", `which is not JSON in UTF-8`, task.ErrBadResult, nil},
		"a binary result":           {says(nil, begun(), finished("\xff\x00", failure)), true, "", `no luck`, task.ErrBadResult, nil},
		"a result of space":         {says(nil, begun(), finished(" \n", nil)), true, "", "", nil, nil},
		"a null":                    {says(nil, begun(), finished(" null ", nil)), true, "", "", nil, nil},
		"a failure without a text":  {says(nil, begun(), finished("", &taskpb.Failure{})), true, "", "the plugin gave no reason", nil, nil},
		"an empty panic":            {says(nil, begun(), finished("", &taskpb.Failure{Panic: &taskpb.Panic{}})), true, "", "the plugin gave no reason", nil, nil},
		"empty messages": {
			says(nil, begun(), &taskpb.RunResponse{Message: &taskpb.RunResponse_Progress{}},
				&taskpb.RunResponse{Message: &taskpb.RunResponse_Log{}}, &taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{}},
				&taskpb.RunResponse{Message: &taskpb.RunResponse_Finished{}}), true, "", "", nil,
			[]string{"progress 0/0 ", "checkpoint null"},
		},
		"a checkpoint that is not UTF-8": {
			says(nil, begun(), &taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{
				Checkpoint: &taskpb.Checkpoint{Sequence: 1, Data: []byte("\"\xff\"")},
			}}, finished("7", nil)), true, "7", "", nil, nil,
		},
		"a checkpoint that is not JSON": {
			says(nil, begun(), &taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{
				Checkpoint: &taskpb.Checkpoint{Sequence: 1, Data: []byte("{")},
			}}, finished("7", nil)), true, "7", "", nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{}
			end := run(t, wire.NewClient(dial(t, c.plugin)), h, "")
			if end.Started != c.started || string(end.Result) != c.result {
				t.Errorf("it ended with %s, %+v", end.Result, end)
			}
			switch {
			case c.err == "" && end.Err != nil:
				t.Errorf("it ended with %v", end.Err)
			case c.err != "" && (end.Err == nil || !strings.Contains(end.Err.Error(), c.err)):
				t.Errorf("it ended with %v, want %q in it", end.Err, c.err)
			case c.is != nil && !errors.Is(end.Err, c.is):
				t.Errorf("%v is not %v", end.Err, c.is)
			}
			if got := h.noted(); !slices.Equal(got, c.told) {
				t.Errorf("the host was told %q, want %q", got, c.told)
			}
		})
	}
}

// TestHostSays what the protocol says, to a plugin that listens.
func TestHostSays(t *testing.T) {
	var got []*taskpb.RunRequest
	p := foreign{run: func(s grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
		for _, answers := range [][]*taskpb.RunResponse{
			{begun(), checkpoint(7)}, {checkpoint(9)}, {finished("", nil)},
		} {
			m, err := s.Recv()
			if err != nil {
				return err
			}
			got = append(got, m)
			for _, answer := range answers {
				if err := s.Send(answer); err != nil {
					return err
				}
			}
		}
		return nil
	}}
	h := &host{id: "tree", attempt: 4, restore: json.RawMessage(`[1]`)}
	acks, stop := 0, make(chan struct{})
	h.keep = func(context.Context, json.RawMessage) error {
		if acks++; acks == 1 {
			return nil
		}
		close(stop)
		return errBoom // not kept: no ack
	}
	ctx := h.on(t.Context())
	r, err := wire.NewClient(dial(t, p)).Start(ctx, "run-1", "digest", json.RawMessage(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	var stopping sync.WaitGroup
	stopping.Go(func() {
		<-stop
		grace, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if err := r.Stop(grace); err != nil {
			t.Error(err)
		}
		if err := r.Stop(grace); err != nil { // the protocol allows one
			t.Error(err)
		}
	})
	if _, err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	stopping.Wait()
	start := got[0].GetStart()
	if start.GetRun() != "run-1" || start.GetTask() != "tree" || start.GetKind() != "digest" ||
		string(start.GetConfig()) != `{"a":1}` || start.GetAttempt() != 4 || string(start.GetCheckpoint()) != `[1]` {
		t.Errorf("it was started with %v", start)
	}
	if ack := got[1].GetCheckpointAck(); ack == nil || ack.GetSequence() != 7 {
		t.Errorf("then it heard %v, want an ack of 7", got[1])
	}
	if grace := got[2].GetStop().GetGrace().AsDuration(); grace <= 0 || grace > time.Hour {
		t.Errorf("then it heard %v, want a stop with a grace", got[2])
	}
}

func checkpoint(sequence uint64) *taskpb.RunResponse {
	return &taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{
		Checkpoint: &taskpb.Checkpoint{Sequence: sequence, Data: []byte(`{}`)},
	}}
}

// TestDescribeIsBounded by ctx, and says what went wrong.
func TestDescribeIsBounded(t *testing.T) {
	silent := foreign{describe: func(ctx context.Context) (*taskpb.DescribeResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := wire.NewClient(dial(t, silent)).Describe(ctx); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("Describe = %v", err)
	}
	if _, err := wire.NewClient(dial(t, nil)).Describe(t.Context()); err == nil || !strings.Contains(err.Error(), "unknown service") {
		t.Errorf("without the service: %v", err)
	}
}

// TestForeignResultTooLarge: a plugin that does not keep the limit itself fails its task.
func TestForeignResultTooLarge(t *testing.T) {
	const most = 64 << 20
	for size, fails := range map[int]bool{most: false, most + 1: true} {
		result := `"` + strings.Repeat("x", size-2) + `"`
		p := says(nil, begun(), finished(result, nil))
		end := run(t, wire.NewClient(dial(t, p)), &host{}, "")
		if errors.Is(end.Err, task.ErrBadResult) != fails || (len(end.Result) == size) == fails {
			t.Errorf("%d bytes: %v, with a result of %d", size, end.Err, len(end.Result))
		}
	}
}
