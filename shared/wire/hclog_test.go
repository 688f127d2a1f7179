package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/hostelry-run/hostelry/shared/wire"
)

// show writes a record as LEVEL message key=value ..., the way a text log does.
func show(r slog.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %s", r.Level, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if a.Equal(slog.Attr{}) { // which handlers ignore
			return true
		}
		value, _ := json.Marshal(a.Value.Any())
		fmt.Fprintf(&b, " %s=%s", a.Key, value)
		return true
	})
	return b.String()
}

// TestLogCrosses: what a task logs arrives as it was.
func TestLogCrosses(t *testing.T) {
	for name, c := range map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"levels": {func(l *slog.Logger) {
			l.Debug("d")
			l.Info("i")
			l.Warn("w")
			l.Error("e")
			l.Log(t.Context(), slog.LevelError+4, "worse")
			l.Log(t.Context(), slog.LevelDebug-4, "not at all")
		}, "DEBUG d; INFO i; WARN w; ERROR e; ERROR worse"},
		"values": {func(l *slog.Logger) {
			l.Info("m", "n", 1<<62+1, "f", 1.5, "s", "a\n\xff", "b", true, "err", errors.New("boom"), "nil", nil, "d", time.Second)
		}, `INFO m b=true d=1000000000 err="boom" f=1.5 n=4611686018427387905 nil=null s="a\n` + "\uFFFD" + `"`},
		"with": {func(l *slog.Logger) { l.With("a", 1).With("b", 2).Info("m", "c", 3) }, "INFO m a=1 b=2 c=3"},
		"groups": {func(l *slog.Logger) {
			l.WithGroup("g").With("a", 1).Info("m", "time", "noon", slog.Group("h", "level", "gold"))
		}, `INFO m g={"a":1,"h":{"level":"gold"},"time":"noon"}`},
		"names that are the record's own": {func(l *slog.Logger) {
			l.With("level", "gold", "time", 12).Warn("m", "msg", "hello", "time", time.Time{}.Location(), "level", slog.LevelError)
		}, `WARN m level="ERROR" msg="hello" time={}`},
		"a time at the top":  {func(l *slog.Logger) { l.Info("m", "time", "12:00") }, `INFO m time="12:00"`},
		"hclog's own names":  {func(l *slog.Logger) { l.Warn("m", "@level", "gold", "@message", 1, "@timestamp", 2) }, `WARN m _@level="gold" _@message=1 _@timestamp=2`},
		"a group as name":    {func(l *slog.Logger) { l.Warn("m", slog.Group("level", "a", 1)) }, `WARN m level={"a":1}`},
		"an unnamed group":   {func(l *slog.Logger) { l.Warn("m", slog.Group("", "level", "gold", "b", 2)) }, `WARN m b=2 level="gold"`},
		"with unnamed group": {func(l *slog.Logger) { l.With(slog.Group("", "msg", 1)).WithGroup("").Warn("m") }, `WARN m msg=1`},
		"a valuer":           {func(l *slog.Logger) { l.Warn("m", "time", valuer{}) }, `WARN m time="resolved"`},
		"nothing":            {func(l *slog.Logger) { l.Info("", slog.Attr{}) }, "INFO "},
		"a message":          {func(l *slog.Logger) { l.Info("a\n\"b\" \x00\xff") }, "INFO a\n\"b\" \x00\uFFFD"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			began := time.Now()
			c.log(slog.New(wire.NewLogHandler(&out)))
			var got []string
			for line := range bytes.Lines(out.Bytes()) {
				r, ok := wire.ParseLogLine(line)
				if !ok {
					t.Fatalf("not a log line: %s", line)
				}
				if r.Time.Before(began.Truncate(time.Microsecond)) || r.Time.After(time.Now()) {
					t.Errorf("its time is %v", r.Time)
				}
				got = append(got, show(r))
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("it arrived as\n%s, want\n%s", text, c.want)
			}
		})
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("resolved") }

// TestLogOfHclog: hclog writes what we read, and reads what we write.
func TestLogOfHclog(t *testing.T) {
	var out bytes.Buffer
	logger := hclog.New(&hclog.LoggerOptions{Output: &out, JSONFormat: true, Name: "disk", Level: hclog.Trace})
	logger.Trace("t")
	logger.Warn("low", "free", 7)
	var got []string
	for line := range bytes.Lines(out.Bytes()) {
		r, ok := wire.ParseLogLine(line)
		if !ok || time.Since(r.Time) > time.Hour {
			t.Fatalf("read as %v, %v: %s", r, ok, line)
		}
		got = append(got, show(r))
	}
	if text := strings.Join(got, "; "); text != `DEBUG t @module="disk"; WARN low @module="disk" free=7` {
		t.Errorf("read as %s", text)
	}
}

func TestLogLines(t *testing.T) {
	for line, want := range map[string]string{
		`{"@level":"info","@message":"m"}`:                                        "INFO m",
		` {"@level":"WARN","@message":""} ` + "\r\n":                              "WARN ",
		`{"@level":"trace","@message":"m","n":12345678901234567890}`:              "DEBUG m n=12345678901234567890",
		`{"@level":"error","@message":"m","@timestamp":7,"b":[1],"a":{"c":null}}`: `ERROR m a={"c":null} b=[1]`,
		`{"@level":1}`:                         "",
		`{"@level":1,"@message":"m"}`:          "",
		`{"@level":"info"}`:                    "",
		`{"@message":"m"}`:                     "",
		`{"@level":"loud","@message":"m"}`:     "",
		`{"@level":null,"@message":null}`:      "",
		`{"@level":"info","@message":"m"} x`:   "",
		`{"@level":"info","@message":"m"}{}`:   "",
		`{"@level":"info","@message":"m"`:      "",
		`[{"@level":"info","@message":"m"}]`:   "",
		`"{"`:                                  "",
		`{}`:                                   "",
		`null`:                                 "",
		``:                                     "",
		"\x00\xff":                             "",
		`{"a":` + strings.Repeat("[", 100_000): "",
		strings.Repeat(`{"a":`, 20_000) + strings.Repeat("}", 20_000): "",
	} {
		r, ok := wire.ParseLogLine([]byte(line))
		switch {
		case ok != (want != ""):
			t.Errorf("ParseLogLine(%.80q) is %v", line, ok)
		case ok && show(r) != want:
			t.Errorf("ParseLogLine(%.80q) is %s, want %s", line, show(r), want)
		}
	}
}

func TestLogTime(t *testing.T) {
	r, ok := wire.ParseLogLine([]byte(`{"@level":"info","@message":"m","@timestamp":"2026-01-02T03:04:05.000006+02:00"}`))
	if want := time.Date(2026, 1, 2, 1, 4, 5, 6000, time.UTC); !ok || !r.Time.Equal(want) {
		t.Errorf("its time is %v, want %v", r.Time, want)
	}
	before := time.Now()
	r, ok = wire.ParseLogLine([]byte(`{"@level":"info","@message":"m","@timestamp":"yesterday"}`))
	if !ok || r.Time.Before(before) || r.Time.After(time.Now()) {
		t.Errorf("without a time that can be read it is %v", r.Time)
	}
}

func FuzzParseLogLine(f *testing.F) {
	for _, line := range []string{
		`{"@level":"info","@message":"m","@timestamp":"2026-01-02T03:04:05.000006Z","n":1e400,"s":"x"}`,
		`{"@level":1}`, `{"@level":"warn","@message":"\ud800"}`, `{"@level":"info","@message":"m"} trailing`, `{`, "plain", "",
		`{"@level":"error","@message":"m","level":"gold","time":"noon","msg":{},"":null,"@module":"disk"}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, ok := wire.ParseLogLine(line)
		if want, record := plainly(line); ok != record || ok && show(r) != want {
			t.Fatalf("%q is read as %s, %v, want %s, %v", line, show(r), ok, want, record)
		}
		if !ok {
			return
		}
		var out bytes.Buffer
		if err := wire.NewLogHandler(&out).Handle(t.Context(), r); err != nil {
			t.Fatalf("%s cannot be written: %v", show(r), err)
		}
		if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 {
			t.Fatalf("%s is written as %d lines", show(r), n)
		}
		again, ok := wire.ParseLogLine(out.Bytes())
		if !ok || show(again) != show(r) {
			t.Errorf("%s\nis written as %s and read as\n%s", show(r), out.Bytes(), show(again))
		}
	})
}

// plainly is what a line says, in the plainest of ways.
func plainly(line []byte) (shown string, ok bool) {
	var members map[string]json.RawMessage
	line = bytes.TrimSpace(line)
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &members) != nil {
		return "", false
	}
	var level, message *string
	if json.Unmarshal(members["@level"], &level) != nil || json.Unmarshal(members["@message"], &message) != nil || level == nil || message == nil {
		return "", false
	}
	known := map[string]slog.Level{"TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError}
	l, ok := known[strings.ToUpper(*level)]
	r := slog.NewRecord(time.Time{}, l, *message, 0)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if key != "@level" && key != "@message" && key != "@timestamp" {
			var value any
			d := json.NewDecoder(bytes.NewReader(members[key]))
			d.UseNumber()
			_ = d.Decode(&value) // it is valid
			r.AddAttrs(slog.Any(key, value))
		}
	}
	return show(r), ok
}
