package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// What a bare gRPC peer serves: for each kind of the plugin a method with the same
// messages on a bidirectional stream, and nothing around them.

const bareServiceName = "peers.Bare"

// maxBare bounds a message of the bare peers, as Hostelry bounds its own.
const maxBare = 130 << 20

// bareServer serves.
type bareServer struct{ *bareMessages }

func newBareServer() (bareServer, error) {
	m, err := newBareMessages()
	return bareServer{m}, err
}

// register adds the service to a server.
func (b bareServer) register(s *grpc.Server) {
	method := func(name string, serve func(*bareStream) error) grpc.StreamDesc {
		return grpc.StreamDesc{
			StreamName: name, ServerStreams: true, ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return b.serve(stream, serve) },
		}
	}
	s.RegisterService(&grpc.ServiceDesc{ServiceName: bareServiceName, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{
		method("park", (*bareStream).park), method("pid", (*bareStream).pid), method("flood", (*bareStream).flood),
		method("echo", (*bareStream).echo), method("large", (*bareStream).large),
	}}, nil)
}

// serve takes Start and says Started.
func (b bareServer) serve(stream grpc.ServerStream, serve func(*bareStream) error) error {
	s := &bareStream{ServerStream: stream, bareMessages: b.bareMessages}
	start, err := s.receive()
	if err == nil {
		err = json.Unmarshal(contentOf(start, startField, startConfigField), &s.errand)
	}
	if err == nil {
		err = s.SendMsg(s.started)
	}
	if err != nil {
		return err
	}
	return serve(s)
}

// bareStream is one call.
type bareStream struct {
	grpc.ServerStream
	*bareMessages
	errand
}

func (s *bareStream) receive() (proto.Message, error) {
	m := s.request.New().Interface()
	return m, s.RecvMsg(m)
}

func (s *bareStream) park() error {
	if _, err := s.receive(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return s.SendMsg(s.finished)
}

func (s *bareStream) pid() error { return s.SendMsg(s.ranHere) }

func (s *bareStream) flood() error {
	m, err := s.progress(max(s.Count, 1<<20), s.Count)
	if err == nil {
		err = passGate(s.Context(), s.Gate)
	}
	for i := 0; err == nil && (s.Count == 0 || i < s.Count); i++ {
		err = s.SendMsg(m)
	}
	if err != nil {
		return err
	}
	return s.SendMsg(s.finished)
}

func (s *bareStream) echo() error {
	if err := passGate(s.Context(), s.Gate); err != nil {
		return err
	}
	took := make([]time.Duration, s.Count)
	for i := range took {
		begin := time.Now()
		if err := s.SendMsg(s.checkpoint); err != nil {
			return err
		}
		if _, err := s.receive(); err != nil {
			return err
		}
		took[i] = time.Since(begin)
	}
	text, err := json.Marshal(took)
	if err != nil {
		return err
	}
	m, err := s.result(text)
	if err != nil {
		return err
	}
	return s.SendMsg(m)
}

func (s *bareStream) large() error {
	text := make([]byte, s.Count+2)
	for i := range text {
		text[i] = 'x'
	}
	text[0], text[s.Count+1] = '"', '"'
	m, err := s.result(text)
	if err == nil {
		err = passGate(s.Context(), s.Gate)
	}
	if err != nil {
		return err
	}
	return s.SendMsg(m)
}

// serveGRPC is the role of a process that serves bare gRPC streams until its stdin
// ends.
func serveGRPC() error {
	b, err := newBareServer()
	if err != nil {
		return err
	}
	listener, err := net.Listen("unix", os.Getenv(socketVariable))
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxBare), grpc.MaxSendMsgSize(maxBare))
	b.register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with Stop
	err = stay()
	server.Stop()
	return errors.Join(err, <-served)
}
