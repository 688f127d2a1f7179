package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/host"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// at is an event some milliseconds after noon.
func at(ms int, task string, e host.Event) host.Event {
	e.Time, e.Task = noon.Add(time.Duration(ms)*time.Millisecond), task
	e.Kind, e.Mode, e.Attempt = "digest", host.Process, 1
	return e
}

func state(s host.State) host.Event { return host.Event{Type: host.EventState, State: s} }

func failed(s host.State, e host.TaskError) host.Event {
	return host.Event{Type: host.EventState, State: s, Err: &e}
}

func progress(done, total int64, message string) host.Event {
	return host.Event{Type: host.EventProgress, State: host.StateRunning, Progress: host.Progress{Done: done, Total: total, Message: message}}
}

func because(s host.State, cause string) host.Event {
	return host.Event{Type: host.EventState, State: s, Cause: cause}
}

// nth is an event of a later attempt.
func nth(attempt int, e host.Event) host.Event {
	e.Attempt = attempt
	return e
}

var theRun = Run{ID: "r1", Tasks: []Task{{"go-tree", "digest", "process"}, {"bad", "digest", "process"}, {"idle", "digest", "process"}}}

// theEvents are one life of theRun.
func theEvents() []host.Event {
	return []host.Event{
		at(0, "go-tree", state(host.StatePending)),
		at(0, "go-tree", state(host.StateStarting)),
		at(0, "bad", state(host.StateStarting)),
		at(100, "go-tree", state(host.StateRunning)),
		at(150, "go-tree", host.Event{Type: host.EventReady, State: host.StateRunning}),
		at(200, "go-tree", progress(1000, 4000, "src/a\x1b[31m")),
		at(300, "go-tree", progress(2000, 4000, "src/b")),
		at(400, "bad", failed(host.StateFailed, host.TaskError{
			Outcome: host.OutcomeExited, ExitCode: 3, Stderr: []string{"one", "two\x1b[2J"}, Err: errors.New("exited with status 3"),
		})),
		at(1300, "go-tree", progress(3000, 4000, "src/c")),
		at(1400, "go-tree", progress(4000, 4000, "src/d")),
		at(1500, "go-tree", state(host.StateStopping)),
		at(1600, "go-tree", state(host.StateSucceeded)),
	}
}

func theSummary() Summary {
	three := 3
	return Summary{
		Run: "r1", Status: StatusFailed, ExitCode: 1,
		Counts: map[string]int{"succeeded": 1, "failed": 1, "stopped": 0, "abandoned": 0, "pending": 1},
		Tasks: []Outcome{
			{ID: "go-tree", Kind: "digest", Mode: "process", State: host.StateSucceeded, Attempts: 1, Result: json.RawMessage(`{"files":2}`)},
			{ID: "bad", Kind: "digest", Mode: "process", State: host.StateFailed, Attempts: 1, Error: &Failure{
				Message: "exited with status 3", Outcome: host.OutcomeExited, ExitCode: &three, Stderr: []string{"one"},
			}},
			{ID: "idle", Kind: "digest", Mode: "process", State: host.StatePending},
		},
	}
}

// show feeds a view of a format and returns what it wrote.
func show(t *testing.T, format string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	v, err := New(format, &o, &e, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	v.Notice("a notice\x07")
	v.Begin(theRun)
	for _, e := range theEvents() {
		v.Event(e)
	}
	log := LogHandler(v, slog.LevelInfo).WithAttrs([]slog.Attr{slog.String("run", "r1"), slog.String("task", "go-tree"), slog.Int("attempt", 2), slog.String("plugin", "digest")})
	r := slog.NewRecord(noon, slog.LevelWarn, "slow\n\x1b[2J", 0)
	r.AddAttrs(slog.Int("n", 1), slog.Group("g", slog.Duration("d", time.Second), slog.String("task", "x y")))
	if err := log.Handle(t.Context(), r); err != nil {
		t.Error(err)
	}
	v.End(theSummary())
	return o.String(), e.String()
}

func TestPlain(t *testing.T) {
	out, errOut := show(t, "plain")
	want := `12:00:00 go-tree starting digest in process mode
12:00:00 bad     starting digest in process mode
12:00:00 go-tree running
12:00:00 go-tree ready
12:00:00 go-tree progress 1000 of 4000 (25%): src/a\x1b[31m
12:00:00 bad     failed: (exited, exit status 3) exited with status 3
    stderr: one
    stderr: two\x1b[2J
12:00:01 go-tree progress 3000 of 4000 (75%): src/c
12:00:01 go-tree stopping
12:00:01 go-tree progress 4000 of 4000 (100%): src/d
12:00:01 go-tree succeeded
12:00:00 go-tree warn slow\n\x1b[2J plugin=digest n=1 g.d=1s g.task="x y"

TASK     STATE      TIME  RESULT
go-tree  succeeded  1.6s  {"files":2}
bad      failed     0.4s  (exited, exit status 3) exited with status 3
idle     pending

run r1 failed: 1 pending, 1 succeeded, 1 failed
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if errOut != `a notice\x07`+"\n" {
		t.Errorf("stderr: %q", errOut)
	}
}

func TestAutoIsPlainOnNoTerminal(t *testing.T) {
	auto, _ := show(t, "auto")
	plain, _ := show(t, "plain")
	if auto != plain {
		t.Errorf("auto wrote\n%s", auto)
	}
}

func TestJSON(t *testing.T) {
	out, errOut := show(t, "json")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	for i, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("line %d is not JSON: %s", i, line)
		}
	}
	if len(lines) != len(theEvents())+2 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, want := range map[int]string{
		1:  `{"type":"state","time":"2026-01-02T12:00:00Z","run":"r1","task":"go-tree","kind":"digest","mode":"process","attempt":1,"state":"starting"}`,
		4:  `{"type":"ready","time":"2026-01-02T12:00:00.15Z","run":"r1","task":"go-tree","kind":"digest","mode":"process","attempt":1}`,
		5:  `{"type":"progress","time":"2026-01-02T12:00:00.2Z","run":"r1","task":"go-tree","kind":"digest","mode":"process","attempt":1,"done":1000,"total":4000,"message":"src/a\u001b[31m"}`,
		7:  `{"type":"state","time":"2026-01-02T12:00:00.4Z","run":"r1","task":"bad","kind":"digest","mode":"process","attempt":1,"state":"failed","error":{"message":"exited with status 3","outcome":"exited","exit_code":3,"signal":"","stderr":["one","two\u001b[2J"]}}`,
		12: `{"type":"log","time":"2026-01-02T12:00:00Z","run":"r1","level":"warn","message":"slow\n\u001b[2J","task":"go-tree","attempt":2,"fields":{"g":{"d":"1s","task":"x y"},"n":1,"plugin":"digest"}}`,
	} {
		if diff := cmp.Diff(want, lines[i]); diff != "" {
			t.Errorf("line %d (-want +got):\n%s", i, diff)
		}
	}
	_, summary, _ := strings.Cut(lines[13], `,"run"`)
	want := `:"r1","status":"failed","exit_code":1,"tasks":[` +
		`{"id":"go-tree","kind":"digest","mode":"process","state":"succeeded","attempts":1,"result":{"files":2},"error":null},` +
		`{"id":"bad","kind":"digest","mode":"process","state":"failed","attempts":1,"result":null,"error":{"message":"exited with status 3","outcome":"exited","exit_code":3,"signal":"","stderr":["one"]}},` +
		`{"id":"idle","kind":"digest","mode":"process","state":"pending","attempts":0,"result":null,"error":null}],` +
		`"counts":{"abandoned":0,"failed":1,"pending":1,"stopped":0,"succeeded":1}}`
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if errOut != `a notice\x07`+"\n" {
		t.Errorf("stderr: %q", errOut)
	}
}

func TestErrorsBeforeTheRun(t *testing.T) {
	problem := Problem{File: "job.yaml", Line: 3, Column: 5, Message: "unknown kind"}
	for format, want := range map[string]string{
		"plain": "",
		"json":  `{"type":"error","file":"job.yaml","line":3,"column":5,"message":"unknown kind"}` + "\n" + `{"type":"error","message":"bad"}` + "\n",
	} {
		var out, errOut bytes.Buffer
		v, err := New(format, &out, &errOut, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		v.Error(problem)
		v.Error(Problem{Message: "bad"})
		if out.String() != want || errOut.String() != "job.yaml:3:5: unknown kind\nbad\n" {
			t.Errorf("%s: stdout %q, stderr %q", format, out.String(), errOut.String())
		}
		v.End(Summary{Status: StatusRefused, Tasks: []Outcome{}})
		if strings.Contains(out.String(), "summary") != (format == "json") {
			t.Errorf("%s: stdout %q", format, out.String())
		}
	}
}

func TestNewRefusesAnUnknownFormat(t *testing.T) {
	if _, err := New("xml", io.Discard, io.Discard, nil); err == nil || err.Error() != `output "xml" is not one of auto, plain, json` {
		t.Errorf("error: %v", err)
	}
}

// brokenPipe fails as a pipe does that nobody reads.
type brokenPipe struct{ writes int }

func (b *brokenPipe) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("broken pipe")
}

func TestABrokenOutputIsToldOnce(t *testing.T) {
	told := 0
	pipe := &brokenPipe{}
	v, err := New("json", pipe, io.Discard, func(error) { told++ })
	if err != nil {
		t.Fatal(err)
	}
	v.Begin(theRun)
	for _, e := range theEvents() {
		v.Event(e)
	}
	v.End(theSummary())
	if told != 1 || pipe.writes != 1 {
		t.Errorf("told %d times of %d writes", told, pipe.writes)
	}
}

// TestFieldsAlwaysEncode: no value that a task logs spoils the line.
func TestFieldsAlwaysEncode(t *testing.T) {
	var out bytes.Buffer
	v := &jsonView{sink: &sink{out: &out, errOut: io.Discard, broken: func(error) {}}}
	slog.New(LogHandler(v, slog.LevelDebug)).WithGroup("g").With("task", "mine").LogAttrs(t.Context(), slog.LevelDebug, "odd",
		slog.Any("nan", math.NaN()), slog.Any("inf", math.Inf(1)), slog.Any("f", 0.1), slog.Any("chan", make(chan int)),
		slog.Any("err", errors.New("e")), slog.Any("nil", nil), slog.Any("time", noon), slog.Any("bytes", []byte{1}),
		slog.Any("struct", struct{ A int }{1}), slog.Group("", slog.Int("inline", 1)), slog.Attr{})
	var line struct {
		Level  string
		Fields struct{ G map[string]any }
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	delete(line.Fields.G, "chan") // an address
	want := map[string]any{
		"task": "mine", "nan": "NaN", "inf": "+Inf", "f": 0.1, "err": "e", "nil": nil, "time": "2026-01-02T12:00:00Z",
		"bytes": "AQ==", "struct": map[string]any{"A": 1.0}, "inline": 1.0,
	}
	if diff := cmp.Diff(want, line.Fields.G); diff != "" || line.Level != "debug" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// TestFieldsOfTheSameName: a field that a plugin made up does not hide the host's, and
// both are shown; what is nested is shown as JSON.
func TestFieldsOfTheSameName(t *testing.T) {
	var out bytes.Buffer
	s := &sink{out: &out, errOut: io.Discard, broken: func(error) {}}
	for want, v := range map[string]View{
		`"message":"m","task":"t","attempt":3,"fields":{"_plugin":"forged","attempt":9,"plugin":"real","run":"x","task":"y"}}`: &jsonView{sink: s},
		`t info m plugin=real plugin=forged run=x task=y attempt=9` + "\n":                                                     &plain{sink: s},
	} {
		out.Reset()
		slog.New(LogHandler(v, slog.LevelInfo)).With("task", "t", "attempt", 3, "plugin", "real").
			Info("m", "plugin", "forged", "run", "x", "task", "y", "attempt", 9)
		if !strings.Contains(out.String(), want) {
			t.Errorf("the line is %s, want %s in it", out.String(), want)
		}
	}
	out.Reset()
	slog.New(LogHandler(&plain{sink: s}, slog.LevelInfo)).Info("m", "a", map[string]any{"b": []any{1, nil}})
	if want := `a={"b":[1,null]}`; !strings.Contains(out.String(), want) {
		t.Errorf("the line is %s, want %s in it", out.String(), want)
	}
}
