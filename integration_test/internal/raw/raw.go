// Package raw is for tests: a plugin that speaks the protocol byte by byte, with
// nothing of package plugin or of the generated code, and so can also speak it badly.
package raw

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// The methods of the service.
const (
	Describe = "/hostelry.v1.TaskService/Describe"
	Run      = "/hostelry.v1.TaskService/Run"
)

// NewServer returns a gRPC server that answers every call, of whatever method, by
// handle.
func NewServer(handle func(method string, s *Stream) error, opts ...grpc.ServerOption) *grpc.Server {
	opts = append([]grpc.ServerOption{
		grpc.ForceServerCodec(BytesCodec{}), grpc.MaxSendMsgSize(1 << 30), grpc.MaxRecvMsgSize(1 << 30),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			method, _ := grpc.MethodFromServerStream(stream)
			return handle(method, &Stream{stream})
		}),
	}, opts...)
	return grpc.NewServer(opts...)
}

// Listen listens on a unix socket of that name in the directory that the host names,
// and ends the process if it cannot.
func Listen(name string) net.Listener {
	listener, err := net.Listen("unix", filepath.Join(os.Getenv(wire.SocketDirKey), name))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	return listener
}

// Shake prints a handshake.
func Shake(socket string) {
	fmt.Fprintln(os.Stdout, wire.Handshake{Protocol: wire.ProtocolVersion, Network: "unix", Address: socket})
}

// Forever keeps the process: a bare select would be a deadlock that the runtime sees.
func Forever() {
	for {
		time.Sleep(time.Hour)
	}
}

// Stream is a call.
type Stream struct{ grpc.ServerStream }

// Send sends one message. It fails when the host has hung up, which Recv tells too.
func (s *Stream) Send(message []byte) { _ = s.SendMsg(&message) }

// Recv returns the host's next message, or nil when it has hung up.
func (s *Stream) Recv() []byte {
	var message []byte
	if s.RecvMsg(&message) != nil {
		return nil
	}
	if message == nil {
		message = []byte{}
	}
	return message
}

// BytesCodec carries messages, which are *[]byte, as they are.
type BytesCodec struct{}

// Name implements encoding.Codec: it takes protobuf's place.
func (BytesCodec) Name() string { return "proto" }

// Marshal implements encoding.Codec.
func (BytesCodec) Marshal(v any) ([]byte, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("a %T is no *[]byte", v)
	}
	return *message, nil
}

// Unmarshal implements encoding.Codec.
func (BytesCodec) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("a %T is no *[]byte", v)
	}
	*message = append([]byte{}, data...)
	return nil
}
