package wire

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// ErrLost says that a Run stream ended without Finished. The host finds out why: most
// often the plugin's process died.
var ErrLost = errors.New("the plugin went away without a last word")

// ErrRefused says with ErrLost that the plugin takes no more tasks, as it is about to end:
// this one did not run. Only a plugin whose connection lives on can have said so.
var ErrRefused = errors.New("the plugin takes no more tasks")

// Client speaks to one plugin. Hosts make one for each connection; its methods
// are safe from any goroutine.
type Client struct{ rpc taskpb.TaskServiceClient }

// NewClient returns a client that speaks over conn, which stays its caller's.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{rpc: taskpb.NewTaskServiceClient(conn)}
}

// Describe asks the plugin what it offers. ctx bounds the call. The error is ErrLost if the
// connection broke meanwhile.
func (c *Client) Describe(ctx context.Context) (Description, error) {
	r, err := c.rpc.Describe(ctx, &taskpb.DescribeRequest{})
	switch {
	case status.Code(err) == codes.Unavailable:
		return Description{}, fmt.Errorf("describe: %w", lost(err))
	case err != nil:
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
// the task runs. It fails if the plugin could not make the task, with the plugin's
// reason, with [ErrLost], which [ErrRefused] may come with, and if ctx ends first.
//
// When ctx ends with task.ErrStopped as its cause, after the plugin was told to
// start, Start asks the plugin to stop the task and returns with its last word; any
// other end of ctx ends the stream. The caller must call Run of what is returned,
// or end the plugin.
func (c *Client) Start(ctx context.Context, run, kind string, config json.RawMessage) (*Remote, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	streamCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &Remote{hangUp: cancel}
	release := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), task.ErrStopped) {
			r.sendStop(nil)
		} else {
			cancel()
		}
	})
	defer release()
	err := r.open(ctx, streamCtx, c, &taskpb.Start{
		Run: text(run), Task: text(task.ID(ctx)), Kind: text(kind), Config: config, Attempt: uint32(task.Attempt(ctx)),
	})
	switch {
	case err == nil:
		err = r.awaitStarted(ctx, release)
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return r, nil
}

// open opens the stream and tells the plugin to start, before it can be told
// anything else.
func (r *Remote) open(ctx, streamCtx context.Context, c *Client, start *taskpb.Start) (err error) {
	if err := checkSize(start.GetConfig(), task.ErrBadConfig); err != nil {
		return err
	}
	var checkpoint json.RawMessage
	if _, err := task.Restore(ctx, &checkpoint); err != nil {
		return err
	}
	if err := checkSize(checkpoint, task.ErrBadCheckpoint); err != nil { // of an attempt in the host's process
		return err
	}
	start.Checkpoint = checkpoint
	r.sending.Lock()
	defer r.sending.Unlock()
	if ctx.Err() != nil { // the request to stop found nothing to stop, and comes once
		return context.Cause(ctx)
	}
	if r.stream, err = c.rpc.Run(streamCtx); err != nil {
		return lost(err)
	}
	err = r.stream.Send(&taskpb.RunRequest{Message: &taskpb.RunRequest_Start{Start: start}})
	if err != nil && !errors.Is(err, io.EOF) { // after EOF, Recv says why
		return lost(err)
	}
	return nil
}

// awaitStarted waits until the plugin says that the task runs, or has ended. If
// release fails, a stop was asked, and only the task's end counts.
func (r *Remote) awaitStarted(ctx context.Context, release func() bool) error {
	for heard := false; ; heard = true {
		response, err := r.stream.Recv()
		switch {
		case err != nil && !heard && status.Code(err) == codes.Unavailable && len(r.stream.Trailer()) > 0:
			// The plugin itself ended the stream: of one that died nobody knows what it did.
			return &refusal{lost(err)}
		case err != nil:
			return lost(err)
		}
		if f := response.GetFinished(); f != nil {
			r.finished = f
			return decodeFailure(f.GetFailure())
		}
		if response.GetStarted() != nil && release() {
			return nil
		}
		r.receive(ctx, response)
	}
}

// Begun says that the task runs already, in the plugin: see attempt.Begun.
func (r *Remote) Begun() {}

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
		task.Progress(ctx, m.Progress.GetDone(), m.Progress.GetTotal(), text(m.Progress.GetMessage()))
	case *taskpb.RunResponse_Heartbeat:
		task.Heartbeat(ctx)
	case *taskpb.RunResponse_Log:
		r.log(ctx, m.Log)
	case *taskpb.RunResponse_Checkpoint:
		r.keep(ctx, m.Checkpoint)
	}
}

// keep gives the host a checkpoint, and answers it. One that cannot be kept is not
// answered, and the log says why.
func (r *Remote) keep(ctx context.Context, c *taskpb.Checkpoint) {
	err := checkSize(c.GetData(), task.ErrBadCheckpoint)
	if err == nil {
		err = task.Checkpoint(ctx, json.RawMessage(c.GetData()))
	}
	if err == nil {
		_ = r.send(&taskpb.RunRequest{Message: &taskpb.RunRequest_CheckpointAck{
			CheckpointAck: &taskpb.CheckpointAck{Sequence: c.GetSequence()},
		}})
	} else if errors.Is(err, task.ErrBadCheckpoint) {
		task.Logger(ctx).Warn("a checkpoint was not kept, and is not answered", "sequence", c.GetSequence(), "reason", text(err.Error()))
	}
}

func (r *Remote) log(ctx context.Context, l *taskpb.Log) {
	at := time.Now()
	if l.GetTime().IsValid() {
		at = l.GetTime().AsTime()
	}
	record := slog.NewRecord(at, logLevel(l.GetLevel()), text(l.GetMessage()), 0)
	if given := l.GetFields(); len(given) > maxText { // decoded, they may take much more
		record.Add(droppedBytesKey, len(given))
	} else if fields, err := decodeFields(given); err == nil {
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
	if r.stopped || r.stream == nil { // asked already, or not open: nothing to stop
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

// finish is the plugin's last word. A result that is not JSON, or too large, fails the
// task.
func finish(f *taskpb.Finished) (any, error) {
	err := decodeFailure(f.GetFailure())
	raw := bytes.TrimSpace(f.GetResult())
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, err
	}
	if bad := checkSize(raw, task.ErrBadResult); bad != nil {
		return nil, errors.Join(err, bad)
	}
	result, bad := tidy(raw)
	if bad != nil || !utf8.Valid(raw) { // which package json takes
		return nil, errors.Join(err, fmt.Errorf("%w: the plugin sent %s, which is not JSON in UTF-8", task.ErrBadResult, quote(string(raw))))
	}
	return result, err
}

// refusal is the error of a stream that ended unavailable before the plugin said anything.
type refusal struct{ error }

func (r *refusal) Unwrap() []error { return []error{r.error, ErrRefused} }

func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrLost
	}
	s := status.Convert(err)
	return fmt.Errorf("%w: %s", ErrLost, cmp.Or(s.Message(), "its stream ended with status "+s.Code().String()))
}
