package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// messages are the messages that a fuzzed stream carries, each with its length
// before it; what is cut off or does not decode is left out, as gRPC would end the
// stream there.
func messages[M any, P interface {
	*M
	proto.Message
}](raw []byte) []P {
	var all []P
	for len(raw) > 0 {
		body, n := protowire.ConsumeBytes(raw)
		if n < 0 {
			break
		}
		raw = raw[n:]
		m := P(new(M))
		if proto.Unmarshal(body, m) == nil {
			all = append(all, m)
		}
	}
	return all
}

// stream is the inverse of messages.
func stream(f *testing.F, all ...proto.Message) []byte {
	var raw []byte
	for _, m := range all {
		body, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		raw = protowire.AppendBytes(raw, body)
	}
	return raw
}

// script is a host's end of a stream on which a plugin says what it likes.
type script struct {
	nowhere
	responses []*taskpb.RunResponse
}

func (s *script) Recv() (*taskpb.RunResponse, error) {
	if len(s.responses) == 0 {
		return nil, io.EOF
	}
	first := s.responses[0]
	s.responses = s.responses[1:]
	return first, nil
}

// scripted is a plugin whose one stream is the script.
type scripted struct {
	taskpb.TaskServiceClient
	script *script
}

func (s scripted) Run(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[taskpb.RunRequest, taskpb.RunResponse], error) {
	return s.script, nil
}

// FuzzResponses: whatever a plugin says, in whatever order, its task ends with the
// first last word, or as lost.
func FuzzResponses(f *testing.F) {
	started := &taskpb.RunResponse{Message: &taskpb.RunResponse_Started{Started: &taskpb.Started{}}}
	checkpoint := &taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{Checkpoint: &taskpb.Checkpoint{Sequence: 7, Data: []byte("{")}}}
	finished := func(result string) *taskpb.RunResponse {
		return &taskpb.RunResponse{Message: &taskpb.RunResponse_Finished{Finished: &taskpb.Finished{Result: []byte(result)}}}
	}
	f.Add(stream(f, started, checkpoint, finished(`{"a":1}`), finished("2"), started))
	f.Add(stream(f, started, started, &taskpb.RunResponse{}))
	f.Add(stream(f, finished("{")))
	f.Add(stream(f, finished("\"\xff\"")))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		responses := messages[taskpb.RunResponse](raw)
		said, running := false, false // a last word; that the task was made, before it or by it
		for _, r := range responses {
			finished := r.GetFinished()
			running = running || !said && (r.GetStarted() != nil || finished != nil && finished.GetFailure() == nil)
			said = said || finished != nil
		}
		client := &Client{rpc: scripted{script: &script{responses: responses}}}
		remote, err := client.Start(task.WithHost(t.Context(), deaf{}), "run", "kind", nil)
		if (remote != nil) != running {
			t.Fatalf("it started: %v (%v), want %v", remote != nil, err, running)
		}
		if remote == nil {
			if errors.Is(err, ErrLost) == said {
				t.Errorf("a last word: %v, and the launch's error is %v", said, err)
			}
			return
		}
		result, err := remote.Run(task.WithHost(t.Context(), deaf{}))
		if errors.Is(err, ErrLost) == said {
			t.Errorf("a last word: %v, and the task's error is %v", said, err)
		}
		if data, ok := result.(json.RawMessage); result != nil && (!ok || !json.Valid(data) || !utf8.Valid(data)) {
			t.Errorf("the result %v is not JSON in UTF-8", result)
		}
		for _, r := range responses {
			if first := r.GetFinished(); first != nil { // the first last word counts
				want, bad := json.Marshal(json.RawMessage(first.GetResult()))
				if got, _ := result.(json.RawMessage); bad == nil && utf8.Valid(want) && len(first.GetResult()) > 0 && string(got) != string(want) {
					t.Errorf("the result is %s, want %s", got, want)
				}
				break
			}
		}
	})
}

// rude is a plugin's end of a stream on which a host says what it likes, and then
// hangs up.
type rude struct {
	grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]
	ctx      context.Context
	requests []*taskpb.RunRequest
	sent     []*taskpb.RunResponse
}

func (r *rude) Context() context.Context { return r.ctx }

func (r *rude) Recv() (*taskpb.RunRequest, error) {
	if len(r.requests) == 0 {
		return nil, io.EOF
	}
	first := r.requests[0]
	r.requests = r.requests[1:]
	return first, nil
}

func (r *rude) Send(m *taskpb.RunResponse) error {
	r.sent = append(r.sent, m)
	return nil
}

// FuzzRequests: whatever a host says, in whatever order, a task begins at most once
// and its last word is Finished.
func FuzzRequests(f *testing.F) {
	start := &taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: &taskpb.Start{Kind: "wait", Config: []byte(`{"n":1}`)}}}
	stop := &taskpb.RunRequest{Message: &taskpb.RunRequest_Stop{Stop: &taskpb.Stop{}}}
	ack := &taskpb.RunRequest{Message: &taskpb.RunRequest_CheckpointAck{CheckpointAck: &taskpb.CheckpointAck{Sequence: 1}}}
	f.Add(stream(f, start, ack, ack, stop, stop))
	f.Add(stream(f, start, start, &taskpb.RunRequest{}))
	f.Add(stream(f, stop, start))
	f.Add([]byte{0})
	wait := task.NewKind("wait", func(struct {
		N int `json:"n"`
	}) (task.Task, error) {
		return task.Func(func(ctx context.Context) (any, error) {
			task.Ready(ctx)
			_, _ = task.Restore(ctx, new(string))
			err := task.Checkpoint(ctx, "kept")
			<-ctx.Done()
			return "done", err
		}), nil
	})
	f.Fuzz(func(t *testing.T, raw []byte) {
		requests := messages[taskpb.RunRequest](raw)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &rude{ctx: ctx, requests: requests}
		server := NewServer(Description{Name: "fuzzed"}, []task.Kind{wait}, slog.New(NewLogHandler(&bytes.Buffer{})))
		err := server.Run(s)
		if len(requests) == 0 || requests[0].GetStart() == nil {
			if err == nil || len(s.sent) > 0 {
				t.Fatalf("without a start it ends with %v, after %d messages", err, len(s.sent))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range s.sent {
			last := i == len(s.sent)-1
			if (m.GetFinished() != nil) != last || m.GetStarted() != nil && i > 0 {
				t.Errorf("message %d of %d is %v", i+1, len(s.sent), m)
			}
		}
		server.Close(task.ErrStopped)
		<-server.Idle()
	})
}
