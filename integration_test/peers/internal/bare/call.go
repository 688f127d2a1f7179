package bare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// Caller calls, from a host, what a process serves.
type Caller struct {
	*Messages

	conn grpc.ClientConnInterface
}

// NewCaller returns a Caller over a connection.
func NewCaller(conn grpc.ClientConnInterface) (Caller, error) {
	m, err := NewMessages()
	return Caller{m, conn}, err
}

// Call is one stream. Who makes it reads it to its end, by Finish, or calls HangUp.
type Call struct {
	Caller

	stream grpc.ClientStream
	HangUp context.CancelFunc
}

// Call starts a task, and waits until it says that it runs.
func (c Caller) Call(ctx context.Context, method string, e errand.Errand) (*Call, error) {
	config, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	start, err := c.Start("1", method, config)
	if err != nil {
		return nil, err
	}
	return c.Begin(ctx, method, start)
}

// Begin is Call with a start message that was made before.
func (c Caller) Begin(ctx context.Context, method string, start proto.Message) (*Call, error) {
	ctx, cancel := context.WithCancel(ctx)
	b := &Call{Caller: c, HangUp: cancel}
	var err error
	b.stream, err = c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/"+serviceName+"/"+method, grpc.WaitForReady(true))
	if err == nil {
		err = b.stream.SendMsg(start)
	}
	var first proto.Message
	if err == nil {
		first, err = b.Receive()
	}
	if err == nil && !has(first, startedField) {
		err = fmt.Errorf("%s began with %v", method, first)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return b, nil
}

// Receive waits for the next message.
func (b *Call) Receive() (proto.Message, error) {
	m := b.response.New().Interface()
	return m, b.stream.RecvMsg(m)
}

// Acknowledge answers a checkpoint.
func (b *Call) Acknowledge() error { return b.stream.SendMsg(b.Acknowledged) }

// Finish reads the stream to its end, and returns how many messages came before the
// last one, and that one, which must be Finished.
func (b *Call) Finish() (before int, last proto.Message, err error) {
	defer b.HangUp()
	for {
		m, err := b.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return before, nil, err
		}
		if last != nil {
			before++
		}
		last = m
	}
	if last == nil || !has(last, finishedField) {
		return before, nil, fmt.Errorf("the stream ended with %v", last)
	}
	return before, last, nil
}
