package conformance_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/shared/conformance"
	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// mortal is a plugin whose instance dies of a stop that comes after the task's last
// word, and is known to be dead at once.
type mortal struct{ conformance.Subject }

func (m mortal) Start(ctx context.Context) (conformance.Instance, error) {
	i, err := m.Subject.Start(ctx)
	return &mortalInstance{Instance: i, dead: make(chan struct{})}, err
}

type mortalInstance struct {
	conformance.Instance
	dies sync.Once
	dead chan struct{}
}

func (i *mortalInstance) die()                           { i.dies.Do(func() { close(i.dead) }) }
func (i *mortalInstance) Done() <-chan struct{}          { return i.dead }
func (i *mortalInstance) Fate() string                   { return "it died" }
func (i *mortalInstance) Close()                         { i.die(); i.Instance.Close() }
func (i *mortalInstance) Conn() grpc.ClientConnInterface { return mortalConn{i.Instance.Conn(), i} }

type mortalConn struct {
	grpc.ClientConnInterface
	instance *mortalInstance
}

// Invoke implements grpc.ClientConnInterface.
func (c mortalConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	select {
	case <-c.instance.dead:
		return status.Error(codes.Unavailable, "nobody is there")
	default:
		return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	}
}

// NewStream implements grpc.ClientConnInterface.
func (c mortalConn) NewStream(ctx context.Context, d *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := c.ClientConnInterface.NewStream(ctx, d, method, opts...)
	return &mortalStream{ClientStream: s, instance: c.instance}, err
}

type mortalStream struct {
	grpc.ClientStream
	instance *mortalInstance
	finished atomic.Bool
}

func (s *mortalStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if r, ok := m.(*taskpb.RunResponse); ok && err == nil && r.GetFinished() != nil {
		s.finished.Store(true)
	}
	return err
}

func (s *mortalStream) SendMsg(m any) error {
	if r, ok := m.(*taskpb.RunRequest); ok && r.GetStop() != nil && s.finished.Load() {
		s.instance.die()
	}
	return s.ClientStream.SendMsg(m)
}

// TestDeathIsSeen also where the death is known before the check asks whether the
// plugin is well: it asks the one that had the task, not one that it starts for that.
func TestDeathIsSeen(t *testing.T) {
	suite, err := conformance.New(mortal{conformance.Local(kindOf[struct{}](func(context.Context) (any, error) { return 1, nil }))}, conformance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(suite.Close)
	r := check(t, suite, "stop-late")
	if r.Verdict != conformance.Fail || !strings.Contains(r.Reason, "after a stop that came too late") || !strings.HasSuffix(r.Reason, "; it died") {
		t.Errorf("the verdict is %v: %s", r.Verdict, r.Reason)
	}
}
