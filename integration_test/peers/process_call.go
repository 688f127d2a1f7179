package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// bareCaller calls what a bareServer serves.
type bareCaller struct {
	*bareMessages

	conn grpc.ClientConnInterface
}

func newBareCaller(conn grpc.ClientConnInterface) (bareCaller, error) {
	m, err := newBareMessages()
	return bareCaller{m, conn}, err
}

// bareCall is one stream. Who makes it reads it to its end or calls hangUp.
type bareCall struct {
	bareCaller

	stream grpc.ClientStream
	hangUp context.CancelFunc
}

// call starts a task, and waits until it says that it runs.
func (c bareCaller) call(ctx context.Context, method string, e errand) (*bareCall, error) {
	config, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	start, err := c.start("1", method, config)
	if err != nil {
		return nil, err
	}
	return c.begin(ctx, method, start)
}

// begin is call with a start message that was made before.
func (c bareCaller) begin(ctx context.Context, method string, start proto.Message) (*bareCall, error) {
	ctx, cancel := context.WithCancel(ctx)
	b := &bareCall{bareCaller: c, hangUp: cancel}
	var err error
	b.stream, err = c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/"+bareServiceName+"/"+method, grpc.WaitForReady(true))
	if err == nil {
		err = b.stream.SendMsg(start)
	}
	var first proto.Message
	if err == nil {
		first, err = b.receive()
	}
	if err == nil && !hasField(first, startedField) {
		err = fmt.Errorf("%s began with %v", method, first)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return b, nil
}

func (b *bareCall) receive() (proto.Message, error) {
	m := b.response.New().Interface()
	return m, b.stream.RecvMsg(m)
}

// finish reads the stream to its end, and returns how many messages came before the
// last one, and that one, which must be Finished.
func (b *bareCall) finish() (before int, last proto.Message, err error) {
	defer b.hangUp()
	for {
		m, err := b.receive()
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
	if last == nil || !hasField(last, finishedField) {
		return before, nil, fmt.Errorf("the stream ended with %v", last)
	}
	return before, last, nil
}
