package main

import (
	"fmt"
	"os"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/hostelry-run/hostelry/integration_test/internal/raw"
)

// Bare gRPC streams carry the very messages of Hostelry's protocol, made and read by
// the same generated code. That is internal to the module above this one, but
// registered by its messages' names.

// Fields of the protocol's messages, by number.
const (
	startField       = 1 // of RunRequest
	startConfigField = 4 // of Start
	startedField     = 1 // of RunResponse
	finishedField    = 7
	resultField      = 1 // of Finished
)

// messageType finds the type of one of them.
func messageType(name protoreflect.FullName) (protoreflect.MessageType, error) {
	return protoregistry.GlobalTypes.FindMessageByName("hostelry.v1." + name)
}

// bareMessages are those that a bare stream sends, each made once: to send one is then as
// cheap as it can be.
type bareMessages struct {
	request, response protoreflect.MessageType

	stop, acknowledged, started, checkpoint, finished, ranHere proto.Message
}

func newBareMessages() (*bareMessages, error) {
	m := &bareMessages{}
	var err error
	if m.request, err = messageType("RunRequest"); err != nil {
		return nil, err
	}
	if m.response, err = messageType("RunResponse"); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		to      *proto.Message
		kind    protoreflect.MessageType
		content []byte
	}{
		{&m.stop, m.request, raw.Field(2, "")},
		{&m.acknowledged, m.request, raw.Field(3, raw.Varint(1, 1))},
		{&m.started, m.response, raw.Started()},
		{&m.checkpoint, m.response, raw.Checkpoint(1, "1")},
		{&m.finished, m.response, raw.Finished("null")},
		{&m.ranHere, m.response, raw.Finished(strconv.Itoa(os.Getpid()))},
	} {
		if *f.to, err = parseMessage(f.kind, f.content); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func parseMessage(kind protoreflect.MessageType, content []byte) (proto.Message, error) {
	message := kind.New().Interface()
	if err := proto.Unmarshal(content, message); err != nil {
		return nil, fmt.Errorf("a message for the bare peers: %w", err)
	}
	return message, nil
}

// start is the first message of a stream, as long as ours.
func (m *bareMessages) start(task, kind string, config []byte) (proto.Message, error) {
	return parseMessage(m.request, raw.Field(1, raw.Message(
		raw.Field(1, "abcdefgh"), raw.Field(2, task), raw.Field(3, kind), raw.Field(4, config), raw.Varint(5, 1))))
}

// progress is the report of done out of total.
func (m *bareMessages) progress(done, total int) (proto.Message, error) {
	return parseMessage(m.response, raw.Field(3, raw.Message(raw.Varint(1, uint64(done)), raw.Varint(2, uint64(total)))))
}

// result is the last word with a result, JSON.
func (m *bareMessages) result(json []byte) (proto.Message, error) {
	return parseMessage(m.response, raw.Finished(string(json)))
}

// contentOf returns the content of a field of a field of a message, both by number:
// what start's config, or finished's result, was.
func contentOf(m proto.Message, outer, inner protowire.Number) []byte {
	r := m.ProtoReflect()
	field := r.Descriptor().Fields().ByNumber(outer)
	if !r.Has(field) {
		return nil
	}
	sub := r.Get(field).Message()
	return sub.Get(sub.Descriptor().Fields().ByNumber(inner)).Bytes()
}

// hasField says whether a message has that field.
func hasField(m proto.Message, number protowire.Number) bool {
	r := m.ProtoReflect()
	return r.Has(r.Descriptor().Fields().ByNumber(number))
}
