package chaos

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// raw is a foreign plugin: it speaks the protocol byte by byte, and knows nothing
// of its host but where to listen. f is its answer to Run.
func raw(f func(*rawStream) error) {
	rawWith(func(grpc.ServerStream) error { return status.Error(codes.Unimplemented, "no such method") }, f)
}

// rawWith answers every other call by other.
func rawWith(other func(grpc.ServerStream) error, f func(*rawStream) error) {
	listener := listenRaw(filepath.Join(os.Getenv(wire.SocketDirKey), "raw"))
	var server *grpc.Server
	server = grpc.NewServer(
		grpc.ForceServerCodec(bytesCodec{}), grpc.MaxSendMsgSize(1<<30), grpc.MaxRecvMsgSize(1<<30),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			if method, _ := grpc.MethodFromServerStream(stream); method != "/hostelry.v1.TaskService/Run" {
				return other(stream)
			}
			s := &rawStream{ServerStream: stream, server: server}
			s.recv() // Start
			return f(s)
		}))
	go server.Serve(listener)
	shake(listener.Addr().String())
	forever()
}

func listenRaw(path string) net.Listener {
	listener, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	return listener
}

// shake prints a handshake.
func shake(socket string) {
	fmt.Println(wire.Handshake{Protocol: wire.ProtocolVersion, Network: "unix", Address: socket})
}

// forever keeps the process: a bare select would be a deadlock that the runtime sees.
func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

// rawStream is a Run stream.
type rawStream struct {
	grpc.ServerStream
	server *grpc.Server
}

// send sends one message. It fails when the host has hung up, which the caller
// ignores: its process is about to end.
func (s *rawStream) send(message []byte) { _ = s.SendMsg(&message) }

// recv returns the host's next message, or nil when it has hung up.
func (s *rawStream) recv() []byte {
	var message []byte
	if s.RecvMsg(&message) != nil {
		return nil
	}
	return message
}

// run says that the task has started and is ready. When it returns, the host knows.
func (s *rawStream) run() {
	s.send(started())
	s.send(ready())
	s.send(checkpoint(1, `1`))
	s.recv() // the answer to that
}

// bytesCodec carries messages as they are.
type bytesCodec struct{}

func (bytesCodec) Name() string                  { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// The messages of task.proto, encoded by hand.

// field is a length-delimited field: a message, bytes or a string.
func field[T string | []byte](number protowire.Number, content T) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), []byte(content))
}

func varint(number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
}

func started() []byte   { return field(1, "") }
func ready() []byte     { return field(2, "") }
func heartbeat() []byte { return field(4, "") }

func progress(done uint64) []byte { return field(3, varint(1, done)) }

func logMessage(level uint64, message, fields string) []byte {
	return field(5, slices.Concat(varint(1, level), field(2, message), field(3, fields)))
}

func checkpoint(sequence uint64, data string) []byte {
	return field(6, slices.Concat(varint(1, sequence), field(2, data)))
}

func finished(result string) []byte { return field(7, field(1, result)) }

// failed is Finished with a failure, whose further fields are given.
func failed(message string, more ...[]byte) []byte {
	return field(7, field(2, slices.Concat(field(1, message), slices.Concat(more...))))
}
