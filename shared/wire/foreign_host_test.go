package wire_test

import (
	"context"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// rawRun is a stream to a real plugin, on which a host sends what it likes.
func rawRun(t *testing.T, p plugin) grpc.BidiStreamingClient[taskpb.RunRequest, taskpb.RunResponse] {
	t.Helper()
	stream, err := taskpb.NewTaskServiceClient(p.conn).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func start(kind string, config string) *taskpb.RunRequest {
	return &taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: &taskpb.Start{Kind: kind, Config: []byte(config)}}}
}

func stopIn(grace *durationpb.Duration) *taskpb.RunRequest {
	return &taskpb.RunRequest{Message: &taskpb.RunRequest_Stop{Stop: &taskpb.Stop{Grace: grace}}}
}

func ack(sequence uint64) *taskpb.RunRequest {
	return &taskpb.RunRequest{Message: &taskpb.RunRequest_CheckpointAck{CheckpointAck: &taskpb.CheckpointAck{Sequence: sequence}}}
}

func TestFirstMessageMustBeStart(t *testing.T) {
	p := serve(t, waits())
	for name, m := range map[string]*taskpb.RunRequest{
		"stop": stopIn(nil), "ack": ack(1), "nothing": {}, "an empty start": {Message: &taskpb.RunRequest_Start{}},
	} {
		stream := rawRun(t, p)
		_ = stream.Send(m)
		response, err := stream.Recv()
		if name == "an empty start" { // a kind without a name
			if f := response.GetFinished().GetFailure(); !slices.Contains(f.GetCodes(), taskpb.Code_CODE_UNKNOWN_KIND) {
				t.Errorf("%s: %v, %v", name, response, err)
			}
			continue
		}
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "must be start") {
			t.Errorf("%s: %v, %v", name, response, err)
		}
	}
	stream := rawRun(t, p)
	_ = stream.CloseSend()
	if response, err := stream.Recv(); err == nil {
		t.Errorf("without a message: %v", response)
	}
}

// TestForeignHosts: a plugin obeys what makes sense and ignores the rest, down to
// its last word.
func TestForeignHosts(t *testing.T) {
	unknown := &taskpb.RunRequest{}
	unknown.ProtoReflect().SetUnknown(later().ProtoReflect().GetUnknown())
	for name, c := range map[string]struct {
		messages []*taskpb.RunRequest
		closes   bool
		codes    []taskpb.Code
	}{
		"stop":              {[]*taskpb.RunRequest{stopIn(durationpb.New(time.Hour))}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"stop twice":        {[]*taskpb.RunRequest{stopIn(nil), stopIn(durationpb.New(1))}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"a negative grace":  {[]*taskpb.RunRequest{stopIn(durationpb.New(-1))}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"an absurd grace":   {[]*taskpb.RunRequest{stopIn(&durationpb.Duration{Seconds: math.MaxInt64, Nanos: -1})}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"an empty stop":     {[]*taskpb.RunRequest{{Message: &taskpb.RunRequest_Stop{}}}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"start again":       {[]*taskpb.RunRequest{start("test", "{}"), start("other", "}"), stopIn(nil)}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"acks of nothing":   {[]*taskpb.RunRequest{ack(0), ack(1), ack(math.MaxUint64), {Message: &taskpb.RunRequest_CheckpointAck{}}, stopIn(nil)}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"messages of later": {[]*taskpb.RunRequest{unknown, {}, stopIn(nil)}, false, []taskpb.Code{taskpb.Code_CODE_STOPPED}},
		"hangs up":          {nil, true, []taskpb.Code{taskpb.Code_CODE_HOST_GONE}},
	} {
		t.Run(name, func(t *testing.T) {
			stream := rawRun(t, serve(t, waits()))
			for _, m := range append([]*taskpb.RunRequest{start("test", "")}, c.messages...) {
				if err := stream.Send(m); err != nil && err != io.EOF { // it may have ended by now
					t.Fatal(err)
				}
			}
			if c.closes {
				_ = stream.CloseSend()
			}
			var last *taskpb.RunResponse
			for {
				m, err := stream.Recv()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if last.GetFinished() != nil {
					t.Errorf("after its last word it said %v", m)
				}
				last = m
			}
			if got := last.GetFinished().GetFailure().GetCodes(); !slices.Equal(got, c.codes) {
				t.Errorf("its last word is %v, want the codes %v", last, c.codes)
			}
		})
	}
}

// TestForeignStart: what a host says at the start may be wrong.
func TestForeignStart(t *testing.T) {
	p := serve(t, kind(func(ctx context.Context) (any, error) {
		var v any
		_, err := task.Restore(ctx, &v)
		return task.Attempt(ctx), err
	}))
	stream := rawRun(t, p)
	_ = stream.Send(&taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: &taskpb.Start{
		Kind: "test", Attempt: math.MaxUint32, Checkpoint: []byte("{"),
	}}})
	var last *taskpb.RunResponse
	for {
		m, err := stream.Recv()
		if err != nil {
			break
		}
		last = m
	}
	f := last.GetFinished()
	if string(f.GetResult()) != "4294967295" || !slices.Equal(f.GetFailure().GetCodes(), []taskpb.Code{taskpb.Code_CODE_BAD_CHECKPOINT}) {
		t.Errorf("its last word is %v", f)
	}
}
