package bare

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// What a bare gRPC peer serves: for each kind of the plugin a method with the same
// messages on a bidirectional stream, and nothing around them.

const serviceName = "peers.Bare"

// MaxMessage bounds a message of the bare peers, as Hostelry bounds its own.
const MaxMessage = 130 << 20

// server serves.
type server struct {
	*Messages

	log hclog.Logger // go-plugin's plugin's, or nil
}

func newServer(log hclog.Logger) (server, error) {
	m, err := NewMessages()
	return server{m, log}, err
}

// register adds the service to a gRPC server.
func (b server) register(s *grpc.Server) {
	method := func(name string, serve func(*stream) error) grpc.StreamDesc {
		return grpc.StreamDesc{
			StreamName: name, ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, s grpc.ServerStream) error { return b.serve(s, serve) },
		}
	}
	s.RegisterService(&grpc.ServiceDesc{ServiceName: serviceName, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{
		method("park", (*stream).park), method("pid", (*stream).pid), method("echo", (*stream).echo),
		method("save", (*stream).save), method("large", (*stream).large),
		method("flood", (*stream).flood), method("newest", (*stream).newest), method("lines", (*stream).lines), method("hclog", (*stream).hclog),
	}}, nil)
}

// serve takes Start and says Started.
func (b server) serve(grpcStream grpc.ServerStream, serve func(*stream) error) error {
	s := &stream{ServerStream: grpcStream, server: b}
	start, err := s.receive()
	if err == nil {
		err = json.Unmarshal(bytesOf(start, startField, startConfigField), &s.Errand)
	}
	if err == nil {
		err = s.SendMsg(s.Started)
	}
	if err != nil {
		return err
	}
	return serve(s)
}

// stream is one call.
type stream struct {
	grpc.ServerStream
	server
	errand.Errand
}

func (s *stream) receive() (proto.Message, error) {
	m := s.request.New().Interface()
	return m, s.RecvMsg(m)
}

func (s *stream) park() error {
	if _, err := s.receive(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return s.SendMsg(s.Finished)
}

func (s *stream) pid() error { return s.SendMsg(s.RanHere) }

func (s *stream) echo() error {
	took := make([]time.Duration, s.Count)
	for i := range took {
		begin := time.Now()
		if err := s.SendMsg(s.Checkpoint); err != nil {
			return err
		}
		if _, err := s.receive(); err != nil {
			return err
		}
		took[i] = time.Since(begin)
	}
	return s.finish(took)
}

// finish sends the last word, with a result.
func (s *stream) finish(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	m, err := s.result(text)
	if err != nil {
		return err
	}
	return s.SendMsg(m)
}

func (s *stream) large() error {
	text := make([]byte, s.Count+2)
	for i := range text {
		text[i] = 'x'
	}
	text[0], text[s.Count+1] = '"', '"'
	m, err := s.result(text)
	if err == nil {
		err = s.PassGate(s.Context())
	}
	if err != nil {
		return err
	}
	return s.SendMsg(m)
}

// serveGRPC serves bare gRPC streams until stdin ends.
func serveGRPC() error {
	b, err := newServer(nil)
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", os.Getenv(SocketVariable))
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	s := grpc.NewServer(grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage))
	b.register(s)
	go func() { served <- s.Serve(listener) }() // ends with Stop
	err = stay()
	s.Stop()
	return errors.Join(err, <-served)
}
