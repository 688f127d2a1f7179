package wire

import (
	"context"
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
		session.stop(nil, cause)
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
	ss := &session{
		stream: stream, start: start, logger: s.logger, ended: make(chan attempt.End, 1), out: outbox{stream: stream},
	}
	if ss.logger == nil {
		ss.logger = slog.New(sessionLog{session: ss})
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
