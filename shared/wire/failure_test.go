package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/hostelry-run/hostelry/shared/internal/taskpb"
	"github.com/hostelry-run/hostelry/shared/task"
)

// crossed is err as the other side sees it.
func crossed(t testing.TB, err error) error {
	t.Helper()
	sent := encodeFailure(err)
	if sent == nil {
		return decodeFailure(nil)
	}
	raw, bad := proto.Marshal(sent)
	if bad != nil {
		t.Fatalf("%v cannot be sent: %v", sent, bad)
	}
	var received taskpb.Failure
	if bad := proto.Unmarshal(raw, &received); bad != nil {
		t.Fatal(bad)
	}
	return decodeFailure(&received)
}

// TestEveryCode stands for one sentinel, and only for that.
func TestEveryCode(t *testing.T) {
	for number, name := range taskpb.Code_name {
		sentinel, ok := sentinels[taskpb.Code(number)]
		if ok == (number == 0) {
			t.Errorf("%s: it has a sentinel: %v", name, ok)
		}
		if !ok {
			continue
		}
		for what, err := range map[string]error{
			"itself": sentinel, "wrapped": fmt.Errorf("deep: %w", sentinel), "joined": errors.Join(errors.New("a"), sentinel),
		} {
			got := crossed(t, err)
			if got.Error() != err.Error() {
				t.Errorf("%s, %s, arrives as %q", name, what, got)
			}
			for other, s := range sentinels {
				if errors.Is(got, s) != (int32(other) == number) {
					t.Errorf("%s, %s: errors.Is of %v is %v", name, what, s, errors.Is(got, s))
				}
			}
		}
	}
	if len(sentinels) != len(taskpb.Code_name)-1 {
		t.Errorf("%d sentinels for %d codes", len(sentinels), len(taskpb.Code_name)-1)
	}
}

// TestEverySentinelOfTask has a code: also one that will be added.
func TestEverySentinelOfTask(t *testing.T) {
	known := map[string]error{
		"ErrStopped": task.ErrStopped, "ErrHostGone": task.ErrHostGone, "ErrUnknownKind": task.ErrUnknownKind,
		"ErrBadConfig": task.ErrBadConfig, "ErrBadResult": task.ErrBadResult, "ErrBadCheckpoint": task.ErrBadCheckpoint,
	}
	if names := exportedErrors(t, "../task"); !slices.Equal(names, slices.Sorted(maps.Keys(known))) {
		t.Errorf("package task exports %v; this test and the protocol know %v", names, slices.Sorted(maps.Keys(known)))
	}
	coded := slices.Collect(maps.Values(sentinels))
	for name, err := range known {
		if !slices.Contains(coded, err) {
			t.Errorf("task.%s has no code", name)
		}
	}
}

// exportedErrors are the names of a package's variables that begin with Err.
func exportedErrors(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			vars, ok := d.(*ast.GenDecl)
			if !ok || vars.Tok != token.VAR {
				continue
			}
			for _, spec := range vars.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(id.Name, "Err") {
						names = append(names, id.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// hostile is an error whose methods panic, one of them.
type hostile string

func (h hostile) misbehave(method string) {
	if string(h) == method {
		panic("in " + method)
	}
}
func (h hostile) Error() string   { h.misbehave("Error"); return "hostile" }
func (h hostile) Is(error) bool   { h.misbehave("Is"); return false }
func (h hostile) As(any) bool     { h.misbehave("As"); return false }
func (h hostile) Unwrap() error   { h.misbehave("Unwrap"); return nil }
func (h hostile) Permanent() bool { h.misbehave("Permanent"); return false }

func TestHostileErrors(t *testing.T) {
	for _, method := range []string{"Error", "Is", "As", "Unwrap", "Permanent"} {
		got := crossed(t, hostile(method))
		if method == "Error" {
			if got.Error() != "%!v(PANIC=Error method: in Error)" {
				t.Errorf("%s: it arrives as %q", method, got)
			}
			continue
		}
		var bad *task.PanicError
		if got.Error() != "hostile" || !errors.As(got, &bad) || bad.Value != "in "+method || bad.Stack == "" {
			t.Errorf("%s: it arrives as %q with the panic %v", method, got, bad)
		}
	}
}

func TestFailures(t *testing.T) {
	if err := crossed(t, nil); err != nil {
		t.Errorf("nil arrives as %v", err)
	}
	for name, c := range map[string]struct {
		err       error
		text      string
		permanent bool
		panicked  *task.PanicError
	}{
		"plain":             {errors.New("boom"), "boom", false, nil},
		"without a text":    {errors.New(""), "the plugin gave no reason", false, nil},
		"invalid text":      {errors.New("a\xff\xfe\x00b"), "a\uFFFD\x00b", false, nil},
		"permanent":         {fmt.Errorf("a: %w", task.Permanent(errors.New("b"))), "a: b", true, nil},
		"permanent, joined": {errors.Join(errors.New("a"), task.Permanent(errors.New("b"))), "a\nb", true, nil},
		"panic": {
			fmt.Errorf("a: %w", &task.PanicError{Value: "v\xff", Stack: "s\xff"}), "a: panic: v\uFFFD", false,
			&task.PanicError{Value: "v\uFFFD", Stack: "s\uFFFD"},
		},
		"a nil panic": {(*task.PanicError)(nil), "<nil>", false, &task.PanicError{}},
	} {
		got := crossed(t, c.err)
		if got.Error() != c.text || task.IsPermanent(got) != c.permanent {
			t.Errorf("%s: it arrives as %q, permanent %v", name, got, task.IsPermanent(got))
		}
		var bad *task.PanicError
		if errors.As(got, &bad) != (c.panicked != nil) {
			t.Errorf("%s: it arrives with the panic %v", name, bad)
		} else if bad != nil && name != "a nil panic" && *bad != *c.panicked {
			t.Errorf("%s: it arrives with the panic %+v", name, bad)
		}
		if again := crossed(t, got); again.Error() != got.Error() || task.IsPermanent(again) != c.permanent {
			t.Errorf("%s: a second crossing makes it %q", name, again)
		}
	}
}

// TestCodesOfLater: a code that this side does not know is dropped.
func TestCodesOfLater(t *testing.T) {
	err := decodeFailure(&taskpb.Failure{Message: "m", Codes: []taskpb.Code{0, 99, -1, taskpb.Code_CODE_STOPPED, 99}})
	if err.Error() != "m" || !errors.Is(err, task.ErrStopped) || errors.Is(err, task.ErrHostGone) {
		t.Errorf("decoded as %v", err)
	}
}

func FuzzFailure(f *testing.F) {
	for _, sent := range []proto.Message{
		encodeFailure(task.ErrStopped),
		encodeFailure(task.Permanent(&task.PanicError{Value: "v", Stack: "s"})),
		&taskpb.Failure{Codes: []taskpb.Code{99, -1}},
		&taskpb.RunResponse{Message: &taskpb.RunResponse_Finished{Finished: &taskpb.Finished{Result: []byte(`{`)}}},
		&taskpb.RunResponse{Message: &taskpb.RunResponse_Log{Log: &taskpb.Log{Level: 77, Message: "m", Fields: []byte(`{"a":1e999}`)}}},
		&taskpb.RunResponse{Message: &taskpb.RunResponse_Checkpoint{Checkpoint: &taskpb.Checkpoint{Sequence: 1<<64 - 1, Data: []byte("\xff")}}},
		&taskpb.DescribeResponse{Name: "n", Kinds: []*taskpb.Kind{{Name: "k", ConfigSchema: []byte("{")}, {}}},
	} {
		raw, err := proto.Marshal(sent)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("text", "value", "stack", uint8(3), true, raw)
	}
	f.Add("a\xff", "\x00", strings.Repeat("x", 100), uint8(255), false, protowire.AppendTag(nil, 1, protowire.EndGroupType))
	f.Fuzz(func(t *testing.T, message, value, stack string, codes uint8, permanent bool, raw []byte) {
		fuzzRoundTrip(t, message, value, stack, codes, permanent)
		fuzzForeign(t, raw)
	})
}

// fuzzRoundTrip: an error says the same on both sides.
func fuzzRoundTrip(t *testing.T, message, value, stack string, codes uint8, permanent bool) {
	err := errors.New(message)
	for i := range 8 {
		if codes&(1<<i) != 0 {
			err = fmt.Errorf("%w%w", err, withoutText{sentinels[taskpb.Code(i+1)]})
		}
	}
	if permanent {
		err = task.Permanent(err)
	}
	if value != "" {
		err = fmt.Errorf("%w%w", err, withoutText{&task.PanicError{Value: value, Stack: stack}})
	}
	got := crossed(t, err)
	if want := strings.ToValidUTF8(message, "\uFFFD"); got.Error() != want && want != "" && len(message) < maxText {
		t.Errorf("%q arrives as %q", message, got)
	}
	for _, sentinel := range sentinels {
		if errors.Is(got, sentinel) != errors.Is(err, sentinel) {
			t.Errorf("errors.Is of %v is %v", sentinel, errors.Is(got, sentinel))
		}
	}
	var bad *task.PanicError
	if task.IsPermanent(got) != permanent || errors.As(got, &bad) != (value != "") {
		t.Errorf("it arrives permanent %v, with the panic %v", task.IsPermanent(got), bad)
	}
}

// withoutText hides an error's text and nothing else.
type withoutText struct{ error }

func (withoutText) Error() string   { return "" }
func (w withoutText) Unwrap() error { return w.error }

// fuzzForeign: whatever a peer sends does no harm.
func fuzzForeign(t *testing.T, raw []byte) {
	var failure taskpb.Failure
	if proto.Unmarshal(raw, &failure) == nil {
		got := decodeFailure(&failure)
		again := crossed(t, got)
		if len(got.Error()) < maxText && again.Error() != got.Error() || task.IsPermanent(again) != task.IsPermanent(got) {
			t.Errorf("%q crosses again as %q", got, again)
		}
	}
	var response taskpb.RunResponse
	if proto.Unmarshal(raw, &response) == nil {
		ctx := task.WithHost(t.Context(), deaf{})
		(&Remote{stream: nowhere{}}).receive(ctx, &response)
		if result, _ := finish(response.GetFinished()); result != nil && !json.Valid(result.(json.RawMessage)) {
			t.Errorf("the result %s is not JSON", result)
		}
	}
	var description taskpb.DescribeResponse
	if proto.Unmarshal(raw, &description) == nil {
		d := decodeDescription(&description)
		if again := decodeDescription(encodeDescription(d)); len(again.Kinds) != len(d.Kinds) ||
			!slices.EqualFunc(again.Kinds, d.Kinds, func(a, b KindDescription) bool {
				return bytes.Equal(a.ConfigSchema, b.ConfigSchema)
			}) {
			t.Errorf("%+v crosses again as %+v", d, again)
		}
	}
}

// deaf is a task.Host that drops what it is told.
type deaf struct{}

func (deaf) ID() string                                        { return "" }
func (deaf) Attempt() int                                      { return 1 }
func (deaf) Logger() *slog.Logger                              { return slog.New(NewLogHandler(&bytes.Buffer{})) }
func (deaf) Ready()                                            {}
func (deaf) Progress(int64, int64, string)                     {}
func (deaf) Heartbeat()                                        {}
func (deaf) Checkpoint(context.Context, json.RawMessage) error { return nil }
func (deaf) Restore() json.RawMessage                          { return nil }

// nowhere is a stream on which everything can be sent.
type nowhere struct {
	grpc.BidiStreamingClient[taskpb.RunRequest, taskpb.RunResponse]
}

func (nowhere) Send(m *taskpb.RunRequest) error { _, err := proto.Marshal(m); return err }
