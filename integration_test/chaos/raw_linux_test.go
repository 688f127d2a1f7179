package chaos

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	rawplugin "github.com/hostelry-run/hostelry/integration_test/internal/raw"
)

// raw is a foreign plugin: it knows nothing of its host but where to listen. f is its
// answer to Run.
func raw(f func(*rawStream) error) {
	rawWith(func(grpc.ServerStream) error { return status.Error(codes.Unimplemented, "no such method") }, f)
}

// rawWith answers every other call by other.
func rawWith(other func(grpc.ServerStream) error, f func(*rawStream) error) {
	listener := rawplugin.Listen("raw")
	var server *grpc.Server
	server = rawplugin.NewServer(func(method string, stream *rawplugin.Stream) error {
		if method != rawplugin.Run {
			return other(stream)
		}
		s := &rawStream{stream, server}
		s.recv() // Start
		return f(s)
	})
	go server.Serve(listener)
	shake(listener.Addr().String())
	forever()
}

func shake(socket string) { rawplugin.Shake(socket) }
func forever()            { rawplugin.Forever() }

// rawStream is a Run stream.
type rawStream struct {
	*rawplugin.Stream
	server *grpc.Server
}

func (s *rawStream) send(message []byte) { s.Send(message) }
func (s *rawStream) recv() []byte        { return s.Recv() }

// run says that the task has started and is ready. When it returns, the host knows.
func (s *rawStream) run() {
	s.send(started())
	s.send(ready())
	s.send(checkpoint(1, `1`))
	s.recv() // the answer to that
}

func field[T string | []byte](number protowire.Number, content T) []byte {
	return rawplugin.Field(number, content)
}

func varint(number protowire.Number, v uint64) []byte { return rawplugin.Varint(number, v) }

func started() []byte             { return rawplugin.Started() }
func ready() []byte               { return rawplugin.Ready() }
func heartbeat() []byte           { return rawplugin.Heartbeat() }
func progress(done uint64) []byte { return rawplugin.Progress(done) }

func logMessage(level uint64, message, fields string) []byte {
	return rawplugin.Log(level, message, fields)
}

func checkpoint(sequence uint64, data string) []byte { return rawplugin.Checkpoint(sequence, data) }
func finished(result string) []byte                  { return rawplugin.Finished(result) }

// failed is Finished with a failure, whose further fields are given.
func failed(message string, more ...[]byte) []byte { return rawplugin.Failed(message, more...) }
