package raw

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of task.proto, encoded by hand.

// Field is a length-delimited field: a message, bytes or a string.
func Field[T string | []byte](number protowire.Number, content T) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), []byte(content))
}

// Varint is a field with a number in it.
func Varint(number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
}

// Message is a message of those fields.
func Message(fields ...[]byte) []byte { return slices.Concat(fields...) }

// Started is the RunResponse of a task that was made.
func Started() []byte { return Field(1, "") }

// Ready is the RunResponse of a task that is up.
func Ready() []byte { return Field(2, "") }

// Heartbeat is the RunResponse of a task that is alive.
func Heartbeat() []byte { return Field(4, "") }

// Progress is the RunResponse of work done, without a total.
func Progress(done uint64) []byte { return Field(3, Varint(1, done)) }

// Log is the RunResponse of a record; fields is JSON.
func Log(level uint64, message, fields string) []byte {
	return Field(5, Message(Varint(1, level), Field(2, message), Field(3, fields)))
}

// Checkpoint is the RunResponse of one.
func Checkpoint(sequence uint64, data string) []byte {
	return Field(6, Message(Varint(1, sequence), Field(2, data)))
}

// Finished is the RunResponse of a result, JSON.
func Finished(result string) []byte { return Field(7, Field(1, result)) }

// Failed is Finished with a failure, whose further fields are given.
func Failed(message string, more ...[]byte) []byte {
	return Field(7, Field(2, Message(append([][]byte{Field(1, message)}, more...)...)))
}

// Codes are the codes of a failure.
func Codes(codes ...uint64) []byte {
	var packed []byte
	for _, code := range codes {
		packed = protowire.AppendVarint(packed, code)
	}
	return Field(2, packed)
}

// Read returns the fields of a message by their numbers, the last of each: content
// for a length-delimited one, and nothing for a number.
func Read(message []byte) map[protowire.Number][]byte {
	fields := make(map[protowire.Number][]byte)
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fields
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return fields
		}
		fields[number] = []byte{}
		if kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(message)
			fields[number] = append([]byte{}, content...)
		}
		message = message[size:]
	}
	return fields
}
