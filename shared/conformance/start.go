package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

func checkStart(t *trial) outcome { return t.firstRun().start }

// checkFirstMessage begins a stream with stop.
func checkFirstMessage(t *trial) outcome {
	s, err := t.open(&taskpb.RunRequest{Message: &taskpb.RunRequest_Stop{Stop: &taskpb.Stop{}}}, false)
	if err != nil {
		return failed("%v", err)
	}
	defer s.close()
	if !s.await(t.options.StartTimeout, func(t *transcript) bool { return t.over }) {
		return failed("a stream that began with stop was still open after %v", t.options.StartTimeout)
	}
	if said := s.transcript(); status.Code(said.status) != codes.InvalidArgument {
		return failed("a stream that began with stop ended with %s", endOf(said.status))
	}
	return passed()
}

// checkOtherService calls one that no plugin has.
func checkOtherService(t *trial) outcome {
	instance, err := t.live(t.ctx)
	if err != nil {
		return failed("it could not be started again: %v", err)
	}
	ctx, cancel := within(t.ctx, t.options.StartTimeout)
	defer cancel()
	err = instance.Conn().Invoke(ctx, "/conformance.v1.NoSuchService/Call", &taskpb.DescribeRequest{}, &taskpb.DescribeResponse{})
	if status.Code(err) != codes.Unimplemented {
		return failed("a call of a service that no plugin has ended with %s", endOf(err))
	}
	return passed()
}

// noSuchKind is a good name for a kind that no plugin offers.
const noSuchKind = "no-such-kind-7c0ffee7"

func checkUnknownKind(t *trial) outcome {
	return t.refusal((&kind{name: noSuchKind}).begin(json.RawMessage(`{}`)), taskpb.Code_CODE_UNKNOWN_KIND, "a kind that it does not offer")
}

// checkBadConfig gives what is no object, and what is no JSON.
func checkBadConfig(t *trial) outcome {
	for what, config := range map[string]string{"a config that is a list": `[]`, "a config that is no JSON": `{"`} {
		if o := t.refusal(t.kind.begin(json.RawMessage(config)), taskpb.Code_CODE_BAD_CONFIG, what); o.verdict != Pass {
			return o
		}
	}
	return passed()
}

// refusal is an attempt that must fail before it starts, with a code.
func (t *trial) refusal(first *taskpb.RunRequest, code taskpb.Code, what string) outcome {
	s, err := t.open(first, false)
	if err != nil {
		return failed("%v", err)
	}
	defer s.close()
	if !s.await(t.options.StartTimeout, func(t *transcript) bool { return t.started || t.finished != nil || t.over }) {
		return failed("of %s it said nothing within %v", what, t.options.StartTimeout)
	}
	s.awaitEnd(closing)
	said := s.transcript()
	switch {
	case said.started:
		return failed("it started a task of %s", what)
	case said.finished == nil:
		return failed("of %s it said nothing: the stream ended with %s", what, endOf(said.status))
	case !said.failedWith(code):
		return failed("%s is not refused with %v, but finished: %s", what, code, words(said.finished))
	case t.kind == nil:
		return passed()
	}
	return t.orderly(s, passed()) // it may have died of it
}

// words are how an attempt finished.
func words(f *taskpb.Finished) string {
	why := f.GetFailure()
	if why == nil {
		return "without a failure"
	}
	names := []string{}
	for _, code := range why.GetCodes() {
		names = append(names, code.String())
	}
	if len(names) == 0 {
		names = append(names, "no code")
	}
	return fmt.Sprintf("%q, with %s", why.GetMessage(), strings.Join(names, ", "))
}

const (
	// largeConfig is the size of a config in bytes, above what gRPC takes by default. A
	// host sends up to 64 MiB, which some take seconds to read.
	largeConfig = 8 << 20
	// largeMessage is the size in bytes of the message with it, a little below what a
	// plugin must take.
	largeMessage = 128 << 20
)

// checkLargeConfig pads the config of a kind with white space, and the message with a
// field that means nothing.
func checkLargeConfig(t *trial) outcome {
	if _, ok := t.subject.(File); !ok {
		return noProcess() // and no messages that are sent
	}
	one := t.some(func(*firstRun) bool { return true })
	if one == nil {
		return notApplicable("no kind has a task that could be run")
	}
	config := slices.Clone(bytes.TrimSpace(one.config().text))
	padding := bytes.Repeat([]byte(" "), max(0, largeConfig-len(config)))
	first := one.kind.begin(slices.Insert(config, len(config)-1, padding...)) // before the last brace
	first.GetStart().ProtoReflect().SetUnknown(unknown(500, largeMessage-len(padding)))
	return one.attemptOf(first, one.end)
}

// checkUnknownMessages speaks to the plugin as a host of the future.
func checkUnknownMessages(t *trial) outcome {
	first := t.kind.begin(t.config().text)
	first.GetStart().ProtoReflect().SetUnknown(unknown(500, 4))
	return t.attemptOf(first, func(s *session) outcome {
		message := &taskpb.RunRequest{}
		message.ProtoReflect().SetUnknown(unknown(99, 4))
		s.send(message)
		s.send(&taskpb.RunRequest{})
		s.send(message)
		return t.end(s)
	})
}

// unknown is a field that is in no message yet, with content of a size in bytes.
func unknown(number protowire.Number, size int) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), bytes.Repeat([]byte("x"), size))
}

// checkRestore gives an attempt the checkpoint of one before.
func checkRestore(t *trial) outcome {
	f := t.firstRun()
	if f.why == "" && f.said.checkpoint == nil {
		return notApplicable("it makes no checkpoint, within %v", t.options.Watch)
	}
	first := t.kind.begin(t.config().text)
	first.GetStart().Attempt, first.GetStart().Checkpoint = 2, f.said.checkpoint
	return t.attemptOf(first, func(s *session) outcome {
		s.await(t.options.Watch, func(t *transcript) bool { return t.checkpoint != nil || t.finished != nil || t.over })
		o := t.end(s)
		if said := s.transcript(); said.failedWith(taskpb.Code_CODE_BAD_CHECKPOINT) {
			return failed("it refused its own checkpoint %s: %s", said.show(f.said.checkpoint), said.finished.GetFailure().GetMessage())
		}
		return o
	})
}

// end stops a task, unless it is one that does not stop: then the instance ends.
func (t *trial) end(s *session) outcome {
	if t.stopRun().verdict == Fail {
		s.close()
		s.forgive(lastWord)
		t.Close()
		return passed()
	}
	s.stop(t.options.Grace)
	return t.ends(s)
}
