package pluginproc_test

import (
	"slices"
	"strings"
	"testing"
)

// unpleasant is output of every odd kind; its last line has no newline.
func unpleasant() string {
	return strings.Join([]string{
		"plain", "", "with\ttab and \x1b[31mcolour", "nul \x00 byte", "invalid \xff\xfe text", `{"@level":1}`, `{"@level":"info"}`,
		"windows\r", "\r", "1|1|unix|/tmp/other|grpc|", strings.Repeat("x", 1<<20), "last",
	}, "\n")
}

// pleasant is how the log shows it. A line of 1 MB comes as pieces of 64 KB.
func pleasant() []string {
	lines := []string{
		"INFO plain", "INFO ", "INFO with\ttab and \x1b[31mcolour", "INFO nul \x00 byte", "INFO invalid \uFFFD text", `INFO {"@level":1}`,
		`INFO {"@level":"info"}`, "INFO windows", "INFO ", "INFO 1|1|unix|/tmp/other|grpc|",
	}
	piece := "INFO " + strings.Repeat("x", 64<<10)
	lines = append(lines, piece)
	for range 15 {
		lines = append(lines, piece+" continued=true")
	}
	return append(lines, "INFO  continued=true", "INFO last")
}

// logLines are hclog's, and others among them.
const logLines = `{"@level":"warn","@message":"low","@timestamp":"2026-01-02T03:04:05.000006Z","free":7,"disk":{"id":"a"}}
{"@level":"debug","@message":"not enabled"}
between
{"@level":"error","@message":"cannot read","@module":"disk","err":"no such file"}
{"@level":"info","@message":"last","n":12345678901234567890}`

// TestOutput: whatever a plugin prints reaches the log, whole and in order, and
// neither stops it nor the host.
func TestOutput(t *testing.T) {
	book := &logbook{}
	p := launch(t, book, as("good"))
	if _, err := run(t, p, "print"); err != nil {
		t.Error(err)
	}
	p.Close(t.Context())
	for _, stream := range []string{"stdout", "stderr"} {
		if got, want := book.lines(stream), pleasant(); !slices.Equal(got, want) {
			t.Errorf("the log of %s has %d lines, want %d", stream, len(got), len(want))
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Errorf("line %d is %.100q, want %.100q", i+1, got[i], want[i])
				}
			}
		}
	}
	if got := p.Stderr(); len(got) != 20 || got[19] != "last" || len(got[18]) > 510 {
		t.Errorf("the last lines are %.100q", got)
	}
}

// TestLogs: level, time and fields of hclog's lines are as the plugin wrote them.
func TestLogs(t *testing.T) {
	book := &logbook{}
	p := launch(t, book, as("good"))
	if _, err := run(t, p, "log"); err != nil {
		t.Error(err)
	}
	p.Close(t.Context())
	want := []string{"WARN low disk=map[id:a] free=7", "ERROR cannot read @module=disk err=no such file", "INFO last n=12345678901234567890"}
	if got := book.lines(""); !slices.Equal(got, want) {
		t.Errorf("the log has %q, want %q", got, want)
	}
	if got := book.lines("stderr"); !slices.Equal(got, []string{"INFO between"}) {
		t.Errorf("the log of stderr has %q", got)
	}
	if at := book.records[0].Time.UTC().Format("15:04:05.000000"); at != "03:04:05.000006" {
		t.Errorf("the first record's time is %s", at)
	}
	if got := p.Stderr(); !slices.Equal(got, []string{"low", "between", "cannot read: no such file"}) {
		t.Errorf("the last lines are %q", got)
	}
}

// TestClosedOutput: a plugin that closes its streams runs on.
func TestClosedOutput(t *testing.T) {
	p := launch(t, &logbook{}, as("good"))
	if _, err := run(t, p, "close"); err != nil {
		t.Error(err)
	}
	if result, err := run(t, p, "answer"); result != "42" || err != nil {
		t.Errorf("after that: %s, %v", result, err)
	}
	p.Close(t.Context())
	if !p.Exit().Success() {
		t.Errorf("it ended with %v", p.Exit())
	}
}
