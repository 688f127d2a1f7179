package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// session is one attempt: the task's Host, and the stream that it reports to.
type session struct {
	stream  grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]
	start   *taskpb.Start
	logger  *slog.Logger
	attempt *attempt.Attempt
	ended   chan attempt.End // buffered: receives once

	out      outbox
	ready    sync.Once   // to say so
	listener *time.Timer // begins listen

	mu       sync.Mutex
	sequence uint64                   // of the newest checkpoint
	acks     map[uint64]chan struct{} // closed when the host has that checkpoint
}

// listenAfter is how long a task runs before its session listens to the host: many
// tasks end sooner, and the goroutine would be an eighth of what these cost.
const listenAfter = time.Millisecond

// run drives the attempt to its end. Two goroutines of its own: the task's ends
// with the task, and listen's with the stream, which this function's return ends, or
// with the Stopper that its early end calls.
func (ss *session) run() error {
	ss.listener = time.AfterFunc(listenAfter, ss.listen)
	defer ss.listener.Stop()
	go ss.attempt.Run(func() {
		ss.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Started{Started: &taskpb.Started{}}})
	}, func(end attempt.End) { ss.ended <- end })
	end := <-ss.ended
	finished := &taskpb.Finished{Result: end.Result, Failure: encodeFailure(end.Err)}
	if err := checkSize(end.Result, task.ErrBadResult); err != nil {
		finished.Result = nil
		finished.Failure = encodeFailure(errors.Join(end.Err, err))
	}
	return ss.out.close(&taskpb.RunResponse{Message: &taskpb.RunResponse_Finished{Finished: finished}})
}

// checkSize fails with bad if data is more than the other side takes: to send it
// would end the stream.
func checkSize(data json.RawMessage, bad error) error {
	if len(data) > maxJSON {
		return fmt.Errorf("%w: its JSON has %d bytes, at most %d cross a process boundary", bad, len(data), maxJSON)
	}
	return nil
}

// listenNow does not wait for listenAfter: the task waits for an answer.
func (ss *session) listenNow() {
	if ss.listener.Stop() {
		go ss.listen()
	}
}

// listen obeys the host until the stream ends, which before Finished means that
// the host is gone.
func (ss *session) listen() {
	for {
		request, err := ss.stream.Recv()
		if err != nil {
			ss.attempt.Stop(context.Background(), task.ErrHostGone) // does nothing after the end
			return
		}
		switch m := request.GetMessage().(type) {
		case *taskpb.RunRequest_Stop:
			ss.stop(m.Stop.GetGrace(), task.ErrStopped)
		case *taskpb.RunRequest_CheckpointAck:
			ss.acknowledge(m.CheckpointAck.GetSequence())
		}
	}
}

// stop asks the task to stop, by the end of grace if that is not nil: at once, unless the
// task has a Stopper. It is asked on a goroutine that ends with it; for each stop, it and
// its timer would wake two threads that sleep.
func (ss *session) stop(grace *durationpb.Duration, cause error) {
	ask := ss.attempt.BeginStop(cause)
	if ask == nil {
		return
	}
	ctx := context.Background()
	if grace != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, grace.AsDuration())
		context.AfterFunc(ss.stream.Context(), cancel)
	}
	go ask(ctx)
}

// report sends what the host may miss: if the host is gone, listen sees it.
func (ss *session) report(m *taskpb.RunResponse) { _ = ss.out.send(m) }

func (ss *session) ID() string   { return ss.start.GetTask() }
func (ss *session) Attempt() int { return int(ss.start.GetAttempt()) }

func (ss *session) Logger() *slog.Logger { return ss.logger }

// Ready says so once, however often the task does.
func (ss *session) Ready() {
	ss.ready.Do(func() {
		ss.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Ready{Ready: &taskpb.Ready{}}})
	})
}

func (ss *session) Heartbeat() { ss.out.giveHeartbeat() }

func (ss *session) Progress(done, total int64, message string) {
	ss.out.giveProgress(progress{true, done, total, message})
}

func (ss *session) Checkpoint(ctx context.Context, data json.RawMessage) error {
	if err := checkSize(data, task.ErrBadCheckpoint); err != nil {
		return err
	}
	ss.mu.Lock()
	ss.sequence++
	sequence, acked := ss.sequence, make(chan struct{})
	if ss.acks == nil {
		ss.acks = make(map[uint64]chan struct{})
	}
	ss.acks[sequence] = acked
	ss.mu.Unlock()
	if err := ss.out.send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{
		Checkpoint: &taskpb.Checkpoint{Sequence: sequence, Data: data},
	}}); err != nil {
		return fmt.Errorf("checkpoint %d did not reach the host: %w", sequence, err)
	}
	ss.listenNow()
	select {
	case <-acked:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-ss.stream.Context().Done():
		return task.ErrHostGone
	}
}

// acknowledge releases the checkpoint's caller; a number that nobody waits for
// is ignored.
func (ss *session) acknowledge(sequence uint64) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if acked, ok := ss.acks[sequence]; ok {
		close(acked)
		delete(ss.acks, sequence)
	}
}

func (ss *session) Restore() json.RawMessage { return ss.start.GetCheckpoint() }
