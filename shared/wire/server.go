package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/shared/attempt"
	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Server serves a plugin's kinds. The plugin SDK makes one for each process.
// Its methods are safe from any goroutine.
type Server struct {
	taskpb.UnimplementedTaskServiceServer
	name     string                      // the plugin's
	describe func() (Description, error) // derives schemas the first time
	kinds    map[string]task.Kind
	logger   *slog.Logger

	mu       sync.Mutex
	sessions map[*session]struct{}
	closed   error         // the cause given to Close
	idle     chan struct{} // closed once closed is set and no session is left
}

// NewServer returns a server of kinds, which d describes; config schemas that d
// leaves out are derived when the plugin is asked to describe itself. Tasks log to
// logger, or if that is nil by messages to their host: where it does not read the
// plugin's stderr.
func NewServer(d Description, kinds []task.Kind, logger *slog.Logger) *Server {
	s := &Server{
		name:     d.Name,
		describe: sync.OnceValues(func() (Description, error) { return d.WithSchemas(kinds) }),
		kinds:    make(map[string]task.Kind, len(kinds)),
		logger:   logger,
		sessions: make(map[*session]struct{}),
		idle:     make(chan struct{}),
	}
	for _, k := range kinds {
		s.kinds[k.Name()] = k
	}
	return s
}

// Register adds the server's service to a gRPC server. It is called once.
func (s *Server) Register(r grpc.ServiceRegistrar) { taskpb.RegisterTaskServiceServer(r, s) }

// Close stops every task with cause and refuses new ones. It does not wait:
// Idle does. Another call does nothing.
func (s *Server) Close(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return
	}
	s.closed = cause
	for session := range s.sessions {
		session.stop(context.Background(), cause)
	}
	s.checkIdleLocked()
}

// Idle is closed once Close was called and every task has ended and said so.
func (s *Server) Idle() <-chan struct{} { return s.idle }

// Describe implements the protocol.
func (s *Server) Describe(context.Context, *taskpb.DescribeRequest) (*taskpb.DescribeResponse, error) {
	d, err := s.describe()
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	return encodeDescription(d), nil
}

// Run implements the protocol: one attempt.
func (s *Server) Run(stream grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return status.Error(codes.InvalidArgument, "the first message of a Run stream must be start")
	}
	ss := &session{stream: stream, start: start, logger: s.logger, ended: make(chan attempt.End, 1)}
	if ss.logger == nil {
		ss.logger = slog.New(NewLogHandler(sessionLog{ss}))
	}
	// The task outlives the stream: it ends by Stop, which asks it first.
	ctx := task.WithHost(context.WithoutCancel(stream.Context()), ss)
	ss.attempt = attempt.New(ctx, s.maker(start))
	if err := s.add(ss); err != nil {
		return err
	}
	defer s.remove(ss)
	return ss.run()
}

func (s *Server) maker(start *taskpb.Start) attempt.Maker {
	kind, ok := s.kinds[start.GetKind()]
	if !ok {
		return func(context.Context) (task.Task, error) {
			return nil, fmt.Errorf("%w: plugin %q does not offer %q", task.ErrUnknownKind, s.name, start.GetKind())
		}
	}
	return attempt.Of(kind, start.GetConfig())
}

func (s *Server) add(ss *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return status.Error(codes.Unavailable, "the plugin is stopping: "+s.closed.Error())
	}
	s.sessions[ss] = struct{}{}
	return nil
}

func (s *Server) remove(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ss)
	s.checkIdleLocked()
}

func (s *Server) checkIdleLocked() {
	if s.closed == nil || len(s.sessions) > 0 {
		return
	}
	select {
	case <-s.idle:
	default:
		close(s.idle)
	}
}

// session is one attempt: the task's Host, and the stream that it reports to.
type session struct {
	stream  grpc.BidiStreamingServer[taskpb.RunRequest, taskpb.RunResponse]
	start   *taskpb.Start
	logger  *slog.Logger
	attempt *attempt.Attempt
	ended   chan attempt.End // buffered: receives once

	sending sync.Mutex // a stream takes one Send at a time
	silent  bool       // nothing is sent any more: the last word was
	ready   sync.Once  // to say so

	mu       sync.Mutex
	sequence uint64                   // of the newest checkpoint
	acks     map[uint64]chan struct{} // closed when the host has that checkpoint
}

// run drives the attempt to its end. Two goroutines of its own: the task's ends
// with the task, and listen's with the stream, which this function's return ends.
func (ss *session) run() error {
	go ss.attempt.Run(func() {
		ss.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Started{Started: &taskpb.Started{}}})
	}, func(end attempt.End) { ss.ended <- end })
	go ss.listen()
	end := <-ss.ended
	finished := &taskpb.Finished{Result: end.Result, Failure: encodeFailure(end.Err)}
	if err := checkSize(end.Result, task.ErrBadResult); err != nil {
		finished.Result = nil
		finished.Failure = encodeFailure(errors.Join(end.Err, err))
	}
	ss.sending.Lock()
	defer ss.sending.Unlock()
	ss.silent = true
	return ss.stream.Send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Finished{Finished: finished}})
}

// checkSize fails with bad if data is more than the other side takes: to send it
// would end the stream.
func checkSize(data json.RawMessage, bad error) error {
	if len(data) > maxJSON {
		return fmt.Errorf("%w: its JSON has %d bytes, at most %d cross a process boundary", bad, len(data), maxJSON)
	}
	return nil
}

// listen obeys the host until the stream ends, which before Finished means that
// the host is gone.
func (ss *session) listen() {
	for {
		request, err := ss.stream.Recv()
		if err != nil {
			ss.stop(context.Background(), task.ErrHostGone)
			return
		}
		switch m := request.GetMessage().(type) {
		case *taskpb.RunRequest_Stop:
			ctx := context.Background()
			if grace := m.Stop.GetGrace(); grace != nil {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, grace.AsDuration())
				context.AfterFunc(ss.stream.Context(), cancel)
			}
			ss.stop(ctx, task.ErrStopped)
		case *taskpb.RunRequest_CheckpointAck:
			ss.acknowledge(m.CheckpointAck.GetSequence())
		}
	}
}

// stop asks the task to stop, on a goroutine that ends with its Stopper.
func (ss *session) stop(ctx context.Context, cause error) {
	go ss.attempt.Stop(ctx, cause)
}

// send fails after the last word: a goroutine that the task left behind may still
// report.
func (ss *session) send(m *taskpb.RunResponse) error {
	ss.sending.Lock()
	defer ss.sending.Unlock()
	if ss.silent {
		return errors.New("the attempt has ended")
	}
	return ss.stream.Send(m)
}

// report sends what the host may miss: if the host is gone, listen sees it.
func (ss *session) report(m *taskpb.RunResponse) { _ = ss.send(m) }

func (ss *session) ID() string   { return ss.start.GetTask() }
func (ss *session) Attempt() int { return int(ss.start.GetAttempt()) }

func (ss *session) Logger() *slog.Logger { return ss.logger }

// Ready says so once, however often the task does.
func (ss *session) Ready() {
	ss.ready.Do(func() {
		ss.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Ready{Ready: &taskpb.Ready{}}})
	})
}

func (ss *session) Heartbeat() {
	ss.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Heartbeat{Heartbeat: &taskpb.Heartbeat{}}})
}

func (ss *session) Progress(done, total int64, message string) {
	ss.report(&taskpb.RunResponse{Message: &taskpb.RunResponse_Progress{
		Progress: &taskpb.Progress{Done: done, Total: total, Message: text(message)},
	}})
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
	if err := ss.send(&taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{
		Checkpoint: &taskpb.Checkpoint{Sequence: sequence, Data: data},
	}}); err != nil {
		return fmt.Errorf("checkpoint %d did not reach the host: %w", sequence, err)
	}
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
