package view

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/host"
)

// supervision is the life of tasks that are begun again, wait, and never start.
func supervision() []host.Event {
	exited := host.TaskError{Outcome: host.OutcomeExited, ExitCode: 3, Err: errors.New("its process exited")}
	first, second := failed(host.StateBackingOff, exited), failed(host.StateBackingOff, exited)
	first.Cause, first.Next = "its process exited", noon.Add(20*time.Millisecond)
	second.Cause, second.Next = "its process exited", noon.Add(410*time.Millisecond)
	member := because(host.StateBackingOff, "one-for-all: restarts with db")
	member.Next = noon.Add(410 * time.Millisecond)
	isolated := at(410, "db", because(host.StateStarting, "moved to a process of its own after 2 panics"))
	isolated.Mode = host.Async // from the others' mode
	return []host.Event{
		nth(0, at(0, "web", because(host.StateWaiting, "waits for db to be ready"))),
		at(0, "db", state(host.StateStarting)),
		at(10, "db", first),
		nth(2, at(20, "db", because(host.StateStarting, "restart: its process exited"))),
		nth(2, at(30, "db", second)),
		at(40, "cache", because(host.StateStopping, "one-for-all: restarts with db")),
		at(50, "cache", member),
		nth(2, at(410, "cache", because(host.StateStarting, "one-for-all: restarts with db"))),
		nth(3, isolated),
		nth(3, at(420, "db", because(host.StateStopping, "it showed no sign\x1b[2J of life for 1s"))),
		nth(3, at(430, "db", failed(host.StateFailed, exited))),
		nth(0, at(440, "web", because(host.StateWaiting, "needs db to be ready, which failed"))),
		nth(0, at(450, "late", because(host.StatePending, "needs web to start, which never started"))),
	}
}

// tell feeds a view of a format the events, and the host's record of a failure,
// and returns what it wrote.
func tell(t *testing.T, format string) string {
	t.Helper()
	var out bytes.Buffer
	v, err := New(format, &out, io.Discard, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	v.Begin(Run{ID: "r1", Tasks: []Task{{ID: "db"}, {ID: "cache"}, {ID: "web"}, {ID: "late"}}})
	log := slog.New(LogHandler(v, slog.LevelInfo)).With("run", "r1", "task", "db", "attempt", 1)
	log.Warn("an attempt failed", "outcome", host.OutcomeExited, "error", errors.New("its process exited"))
	for _, e := range supervision() {
		v.Event(e)
	}
	v.End(Summary{
		Run: "r1", Status: StatusFailed, ExitCode: 1, Cause: "the run reached its deadline of 1s",
		Counts: map[string]int{"failed": 1, "pending": 1, "waiting": 2},
		Tasks: []Outcome{
			{ID: "db", State: host.StateFailed, Attempts: 3, Error: &Failure{Message: "its process exited", Outcome: host.OutcomeExited}},
			{ID: "cache", State: host.StateWaiting, Cause: "waits for db to be ready"},
			{ID: "web", State: host.StateWaiting, Cause: "needs db to be ready, which failed"},
			{ID: "late", State: host.StatePending, Cause: "the run was stopped before"},
		},
	})
	return out.String()
}

// TestPlainSaysWhy: each state with its cause, and a failure once.
func TestPlainSaysWhy(t *testing.T) {
	want := `12:00:00 web   waiting for db to be ready
12:00:00 db    starting digest in process mode
12:00:00 db    backing-off, next at once: (exited, exit status 3) its process exited
12:00:00 db    starting digest in process mode, attempt 2
12:00:00 db    backing-off, attempt 2, next in 0.4s: (exited, exit status 3) its process exited
12:00:00 cache stopping: one-for-all: restarts with db
12:00:00 cache backing-off, next in 0.4s: one-for-all: restarts with db
12:00:00 cache starting digest in process mode, attempt 2
12:00:00 db    starting digest in async mode, attempt 3: moved to a process of its own after 2 panics
12:00:00 db    stopping, attempt 3: it showed no sign\x1b[2J of life for 1s
12:00:00 db    failed, attempt 3: (exited, exit status 3) its process exited
12:00:00 web   never starts: needs db to be ready, which failed
12:00:00 late  never starts: needs web to start, which never started

TASK   STATE    ATTEMPTS  TIME  RESULT
db     failed   3         0.4s  (exited) its process exited
cache  waiting  0         0.0s  never started: it waited for db to be ready
web    waiting  0               never started: needs db to be ready, which failed
late   pending  0               never started: the run was stopped before

run r1 failed (the run reached its deadline of 1s): 1 pending, 2 waiting, 1 failed
`
	if diff := cmp.Diff(want, tell(t, "plain")); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// TestJSONSaysWhy: cause and next, in the host's words and to the nanosecond; the
// log is whole.
func TestJSONSaysWhy(t *testing.T) {
	lines := strings.Split(tell(t, "json"), "\n")
	for i, want := range map[int]string{
		0:  `"level":"warn","message":"an attempt failed","task":"db","attempt":1,`,
		1:  `"task":"web","kind":"digest","mode":"process","attempt":0,"state":"waiting","cause":"waits for db to be ready"}`,
		5:  `"attempt":2,"state":"backing-off","cause":"its process exited","next":"2026-01-02T12:00:00.41Z","error":{"message":"its process exited",`,
		12: `"state":"waiting","cause":"needs db to be ready, which failed"}`,
		14: `"exit_code":1,"cause":"the run reached its deadline of 1s","tasks":[{"id":"db","kind":"","mode":"","state":"failed","attempts":3,"result":null,`,
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s, want %s", i, lines[i], want)
		}
	}
	if want := `"state":"waiting","attempts":0,"cause":"waits for db to be ready","result":null`; !strings.Contains(lines[14], want) {
		t.Errorf("the summary is %s, want %s", lines[14], want)
	}
}
