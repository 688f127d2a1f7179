package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// ErrLost: a Run stream ended without Finished. The host finds out why: most
// often the plugin's process died.
var ErrLost = errors.New("the plugin went away without a last word")

// Client speaks to one plugin. Hosts make one for each connection; its methods
// are safe from any goroutine.
type Client struct{ rpc taskpb.TaskServiceClient }

// NewClient returns a client that speaks over conn, which stays its caller's.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{rpc: taskpb.NewTaskServiceClient(conn)}
}

// Describe asks the plugin what it offers. ctx bounds the call.
func (c *Client) Describe(ctx context.Context) (Description, error) {
	r, err := c.rpc.Describe(ctx, &taskpb.DescribeRequest{})
	if err != nil {
		return Description{}, fmt.Errorf("describe: %s", status.Convert(err).Message())
	}
	return decodeDescription(r), nil
}

// Remote is a task in a plugin, as a task.Task and task.Stopper of this process:
// what the plugin's task reports, Remote reports to the task.Host on its ctx, and
// a stop of Remote is a stop of the plugin's task. It runs once.
type Remote struct {
	stream   grpc.BidiStreamingClient[taskpb.RunRequest, taskpb.RunResponse]
	hangUp   context.CancelFunc // ends the stream
	finished *taskpb.Finished   // the last word, if it came before Run

	sending sync.Mutex
	stopped bool // Stop was sent
}

// Start starts a task of one of the plugin's kinds, for the attempt whose
// task.Host is on ctx, as part of the run. It returns once the plugin says that
// the task runs, or has ended; ctx bounds that alone. It fails if the plugin
// could not make the task, with the plugin's reason, and with [ErrLost].
//
// The caller must call Run of what is returned, or end the plugin.
func (c *Client) Start(ctx context.Context, run, kind string, config json.RawMessage) (*Remote, error) {
	streamCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, cancel)
	r, err := c.start(ctx, streamCtx, run, kind, config)
	if !release() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	r.hangUp = cancel
	return r, nil
}

func (c *Client) start(ctx, streamCtx context.Context, run, kind string, config json.RawMessage) (*Remote, error) {
	if err := checkSize(config, task.ErrBadConfig); err != nil {
		return nil, err
	}
	var checkpoint json.RawMessage
	if _, err := task.Restore(ctx, &checkpoint); err != nil {
		return nil, err
	}
	stream, err := c.rpc.Run(streamCtx)
	if err != nil {
		return nil, lost(err)
	}
	r := &Remote{stream: stream}
	err = r.send(&taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: &taskpb.Start{
		Run: text(run), Task: text(task.ID(ctx)), Kind: text(kind), Config: config,
		Attempt: uint32(task.Attempt(ctx)), Checkpoint: checkpoint,
	}}})
	if err != nil && !errors.Is(err, io.EOF) { // after EOF, Recv says why
		return nil, lost(err)
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return nil, lost(err)
		}
		if response.GetStarted() != nil {
			return r, nil
		}
		if f := response.GetFinished(); f != nil {
			r.finished = f
			return r, decodeFailure(f.GetFailure())
		}
		r.receive(ctx, response)
	}
}

// Run drives the plugin's task to its end. It returns when the plugin has said
// that the task finished, or with [ErrLost] when the stream ends without that: the
// end of ctx asks the plugin to stop, it never ends the stream. A plugin that
// does neither is ended by killing its process.
func (r *Remote) Run(ctx context.Context) (any, error) {
	defer r.hangUp()
	defer context.AfterFunc(ctx, func() { r.sendStop(nil) })()
	for r.finished == nil {
		response, err := r.stream.Recv()
		if err != nil {
			return nil, lost(err)
		}
		if r.finished = response.GetFinished(); r.finished == nil {
			r.receive(ctx, response)
		}
	}
	return finish(r.finished)
}

// receive passes on one message that is not the last. One that is unknown, or
// that makes no sense, is ignored: a newer plugin may send it.
func (r *Remote) receive(ctx context.Context, response *taskpb.RunResponse) {
	switch m := response.GetMessage().(type) {
	case *taskpb.RunResponse_Ready:
		task.Ready(ctx)
	case *taskpb.RunResponse_Progress:
		task.Progress(ctx, m.Progress.GetDone(), m.Progress.GetTotal(), m.Progress.GetMessage())
	case *taskpb.RunResponse_Heartbeat:
		task.Heartbeat(ctx)
	case *taskpb.RunResponse_Log:
		r.log(ctx, m.Log)
	case *taskpb.RunResponse_Checkpoint:
		if task.Checkpoint(ctx, json.RawMessage(m.Checkpoint.GetData())) == nil {
			_ = r.send(&taskpb.RunRequest{Message: &taskpb.RunRequest_CheckpointAck{
				CheckpointAck: &taskpb.CheckpointAck{Sequence: m.Checkpoint.GetSequence()},
			}})
		}
	}
}

func (r *Remote) log(ctx context.Context, l *taskpb.Log) {
	at := time.Now()
	if l.GetTime().IsValid() {
		at = l.GetTime().AsTime()
	}
	record := slog.NewRecord(at, logLevel(l.GetLevel()), l.GetMessage(), 0)
	if fields, err := decodeFields(l.GetFields()); err == nil {
		addFields(&record, fields)
	}
	handler := task.Logger(ctx).Handler()
	if handler.Enabled(ctx, record.Level) {
		_ = handler.Handle(ctx, record) // a log that fails must not fail the task
	}
}

func logLevel(l taskpb.Log_Level) slog.Level {
	switch l {
	case taskpb.Log_LEVEL_DEBUG:
		return slog.LevelDebug
	case taskpb.Log_LEVEL_WARN:
		return slog.LevelWarn
	case taskpb.Log_LEVEL_ERROR:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// Stop sends the plugin's task the request to stop, with the time left until
// ctx's deadline as its grace. It does not wait for the task's end: Run does.
func (r *Remote) Stop(ctx context.Context) error {
	var grace *durationpb.Duration
	if deadline, ok := ctx.Deadline(); ok {
		grace = durationpb.New(max(0, time.Until(deadline)))
	}
	r.sendStop(grace)
	return nil
}

func (r *Remote) sendStop(grace *durationpb.Duration) {
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.stopped {
		return
	}
	r.stopped = true
	// If it cannot be sent, the stream is ending, and Run sees that.
	_ = r.stream.Send(&taskpb.RunRequest{Message: &taskpb.RunRequest_Stop{Stop: &taskpb.Stop{Grace: grace}}})
}

func (r *Remote) send(m *taskpb.RunRequest) error {
	r.sending.Lock()
	defer r.sending.Unlock()
	return r.stream.Send(m)
}

// finish is the plugin's last word. A result that is not JSON fails the task.
func finish(f *taskpb.Finished) (any, error) {
	err := decodeFailure(f.GetFailure())
	raw := bytes.TrimSpace(f.GetResult())
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, err
	}
	if !json.Valid(raw) {
		return nil, errors.Join(err, fmt.Errorf("%w: the plugin sent %s, which is not JSON", task.ErrBadResult, quote(string(raw))))
	}
	return json.RawMessage(raw), err
}

func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrLost
	}
	return fmt.Errorf("%w: %s", ErrLost, status.Convert(err).Message())
}
