package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"google.golang.org/grpc/status"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
)

// transcript is what a plugin said in one attempt, as far as a check asks for it. It
// notes the first breach of each rule, under the name of the check that holds it.
type transcript struct {
	started    bool
	ready      bool
	progress   int
	logs       int
	sequence   uint64 // of the newest checkpoint
	checkpoint []byte // the newest
	finished   *taskpb.Finished
	stopped    bool // a stop was sent before it finished

	over   bool  // the stream has ended
	status error // with this; io.EOF is OK

	faults map[string]string   // by check
	mask   func(string) string // of secrets
}

// fault notes a breach, the first one of a check.
func (t *transcript) fault(check, format string, args ...any) {
	if t.faults == nil {
		t.faults = make(map[string]string)
	}
	if _, noted := t.faults[check]; !noted {
		t.faults[check] = fmt.Sprintf(format, args...)
	}
}

// hear takes in one message. One that is unknown says nothing.
func (t *transcript) hear(m *taskpb.RunResponse) {
	what := nameOf(m)
	if what == "" {
		return
	}
	if t.finished != nil {
		t.fault(lastWord, "after finished it said %s", what)
		return
	}
	switch x := m.GetMessage().(type) {
	case *taskpb.RunResponse_Started:
		t.hearStarted()
		return
	case *taskpb.RunResponse_Finished:
		t.hearFinished(x.Finished)
		return
	}
	if !t.started {
		t.fault(order, "it said %s before started", what)
	}
	switch x := m.GetMessage().(type) {
	case *taskpb.RunResponse_Ready:
		if t.ready {
			t.fault(readyOnce, "it said ready twice")
		}
		t.ready = true
	case *taskpb.RunResponse_Progress:
		t.progress++
		if x.Progress.GetDone() < 0 || x.Progress.GetTotal() < 0 {
			t.fault(progress, "it reported %d done of %d", x.Progress.GetDone(), x.Progress.GetTotal())
		}
	case *taskpb.RunResponse_Log:
		t.hearLog(x.Log)
	case *taskpb.RunResponse_Checkpoint:
		t.hearCheckpoint(x.Checkpoint)
	}
}

func (t *transcript) hearStarted() {
	if t.started {
		t.fault(order, "it said started twice")
	}
	t.started = true
}

func (t *transcript) hearFinished(f *taskpb.Finished) {
	t.finished = f
	if !t.started && f.GetFailure() == nil {
		t.fault(order, "it finished without a failure, and had not said started")
	}
	if raw := f.GetResult(); len(raw) > 0 && !isJSON(raw) {
		t.fault(result, "the result is no UTF-8 JSON: %s", t.show(raw))
	}
	if f.GetFailure() != nil && f.GetFailure().GetMessage() == "" {
		t.fault(failure, "the failure has no message")
	}
	if t.failedWith(taskpb.Code_CODE_UNSPECIFIED) {
		t.fault(failureCodes, "the failure %q has the code CODE_UNSPECIFIED", f.GetFailure().GetMessage())
	}
}

func (t *transcript) hearLog(l *taskpb.Log) {
	t.logs++
	if raw := l.GetFields(); len(raw) > 0 && !isObject(raw) {
		t.fault(logs, "the fields of the record %q are no JSON object: %s", l.GetMessage(), t.show(raw))
	}
}

func (t *transcript) hearCheckpoint(c *taskpb.Checkpoint) {
	if c.GetSequence() != t.sequence+1 {
		t.fault(checkpoints, "checkpoint %d came after %d", c.GetSequence(), t.sequence)
	}
	t.sequence = c.GetSequence()
	if raw := c.GetData(); isJSON(raw) {
		t.checkpoint = raw
	} else {
		t.fault(checkpoints, "checkpoint %d is no UTF-8 JSON: %s", c.GetSequence(), t.show(raw))
	}
}

// end notes how the stream ended.
func (t *transcript) end(err error) {
	t.over, t.status = true, err
	switch {
	case t.finished == nil:
		t.fault(lastWord, "the stream ended without finished: %s", endOf(err))
	case !errors.Is(err, io.EOF):
		t.fault(lastWord, "after finished the stream ended with an error: %s", endOf(err))
	}
}

// endOf is how a stream ended, in words.
func endOf(err error) string {
	if err == nil || errors.Is(err, io.EOF) {
		return "status OK"
	}
	s := status.Convert(err)
	return fmt.Sprintf("status %v, %s", s.Code(), s.Message())
}

// failedWith reports whether the attempt failed with the code.
func (t *transcript) failedWith(code taskpb.Code) bool {
	return slices.Contains(t.finished.GetFailure().GetCodes(), code)
}

// clean reports whether the attempt ended as one does that was asked to.
func (t *transcript) clean() bool {
	return t.finished.GetFailure() == nil || t.failedWith(taskpb.Code_CODE_STOPPED) ||
		t.failedWith(taskpb.Code_CODE_HOST_GONE) || t.failedWith(taskpb.Code_CODE_CANCELLED)
}

// nameOf is a message's name in task.proto, or "" for an unknown one.
func nameOf(m *taskpb.RunResponse) string {
	r := m.ProtoReflect()
	if field := r.WhichOneof(r.Descriptor().Oneofs().ByName("message")); field != nil {
		return string(field.Name())
	}
	return ""
}

func isJSON(raw []byte) bool { return json.Valid(raw) && utf8.Valid(raw) }

func isObject(raw []byte) bool {
	return isJSON(raw) && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{"))
}

// show is show, with what is secret masked before the cut may leave a part of it.
func (t *transcript) show(raw []byte) string { return show([]byte(t.mask(string(raw)))) }

// show quotes foreign bytes, cut to 80.
func show(raw []byte) string {
	if len(raw) > 80 {
		return fmt.Sprintf("%q...", raw[:80])
	}
	return fmt.Sprintf("%q", raw)
}
