package bare

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/hostelry-run/hostelry/integration_test/internal/raw"
	"github.com/hostelry-run/hostelry/integration_test/peers/internal/errand"
)

// Bare gRPC streams carry the very messages of Hostelry's protocol, made and read by
// the same generated code. That is internal to the module above this one, but
// registered by its messages' names.

// Fields of the protocol's messages, by number.
const (
	startField       = 1 // of RunRequest
	startConfigField = 4 // of Start
	startedField     = 1 // of RunResponse
	progressField    = 3
	finishedField    = 7
	doneField        = 1 // of Progress
	totalField       = 2
	resultField      = 1 // of Finished
)

// messageType finds the type of one of them.
func messageType(name protoreflect.FullName) (protoreflect.MessageType, error) {
	return protoregistry.GlobalTypes.FindMessageByName("hostelry.v1." + name)
}

// Messages are those that a bare stream sends, each made once: to send one is then as
// cheap as it can be.
type Messages struct {
	request, response protoreflect.MessageType

	Stop, Acknowledged, Started, Checkpoint, Finished, RanHere proto.Message
}

// NewMessages makes them.
func NewMessages() (*Messages, error) {
	m := &Messages{}
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
		{&m.Stop, m.request, raw.Field(2, "")},
		{&m.Acknowledged, m.request, raw.Field(3, raw.Varint(1, 1))},
		{&m.Started, m.response, raw.Started()},
		{&m.Checkpoint, m.response, raw.Checkpoint(1, "1")},
		{&m.Finished, m.response, raw.Finished("null")},
		{&m.RanHere, m.response, raw.Finished(strconv.Itoa(os.Getpid()))},
	} {
		if *f.to, err = parse(f.kind, f.content); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func parse(kind protoreflect.MessageType, content []byte) (proto.Message, error) {
	message := kind.New().Interface()
	if err := proto.Unmarshal(content, message); err != nil {
		return nil, fmt.Errorf("a message for the bare peers: %w", err)
	}
	return message, nil
}

// Start is the first message of a stream, as long as ours.
func (m *Messages) Start(task, kind string, config []byte) (proto.Message, error) {
	return parse(m.request, raw.Field(1, raw.Message(
		raw.Field(1, "abcdefgh"), raw.Field(2, task), raw.Field(3, kind), raw.Field(4, config), raw.Varint(5, 1))))
}

// result is the last word with a result, JSON.
func (m *Messages) result(json []byte) (proto.Message, error) {
	return parse(m.response, raw.Finished(string(json)))
}

// line is a log record with a number, as long as ours.
func (m *Messages) line(number int) (proto.Message, error) {
	now := time.Now()
	return parse(m.response, raw.Field(5, raw.Message(
		raw.Varint(1, 2), raw.Field(2, errand.LogLine), raw.Field(3, fmt.Sprintf(`{"%s":%d}`, errand.LogNumber, number)),
		raw.Field(4, raw.Message(raw.Varint(1, uint64(now.Unix())), raw.Varint(2, uint64(now.Nanosecond())))),
	)))
}

// report is a progress message that can be changed when it was sent: gRPC has encoded
// it by then.
type report struct {
	message     proto.Message
	content     protoreflect.Message
	done, total protoreflect.FieldDescriptor
}

func (m *Messages) newReport() report {
	message := m.response.New()
	r := report{message: message.Interface()}
	r.content = message.Mutable(message.Descriptor().Fields().ByNumber(progressField)).Message()
	fields := r.content.Descriptor().Fields()
	r.done, r.total = fields.ByNumber(doneField), fields.ByNumber(totalField)
	return r
}

func (r report) set(done, total int64) proto.Message {
	r.content.Set(r.done, protoreflect.ValueOfInt64(done))
	r.content.Set(r.total, protoreflect.ValueOfInt64(total))
	return r.message
}

// Done is what a message reports as done.
func Done(m proto.Message) (done int64, ok bool) {
	v, ok := content(m, progressField, doneField)
	if !ok {
		return 0, false
	}
	return v.Int(), true
}

// Result is the result, JSON, in a message that is a task's last word.
func Result(m proto.Message) []byte { return bytesOf(m, finishedField, resultField) }

func bytesOf(m proto.Message, outer, inner protowire.Number) []byte {
	v, ok := content(m, outer, inner)
	if !ok {
		return nil
	}
	return v.Bytes()
}

// content is the value of a field of a field of a message, both by number.
func content(m proto.Message, outer, inner protowire.Number) (v protoreflect.Value, ok bool) {
	r := m.ProtoReflect()
	field := r.Descriptor().Fields().ByNumber(outer)
	if !r.Has(field) {
		return v, false
	}
	sub := r.Get(field).Message()
	return sub.Get(sub.Descriptor().Fields().ByNumber(inner)), true
}

// has says whether a message has that field.
func has(m proto.Message, number protowire.Number) bool {
	r := m.ProtoReflect()
	return r.Has(r.Descriptor().Fields().ByNumber(number))
}
