package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// busy is a board two seconds into a run.
func busy() *board {
	b := newBoard([]Task{{ID: "go-tree"}, {ID: "clock"}, {ID: "a-task-with-a-long-name"}, {ID: "bad"}, {ID: "later"}})
	for _, e := range []host.Event{
		at(0, "go-tree", state(host.StateStarting)), at(0, "go-tree", state(host.StateRunning)),
		at(0, "go-tree", progress(123_456_789, 400_000_000, "src/cmd/compile/internal/ssa/rewriteAMD64.go")),
		at(0, "clock", state(host.StateStarting)), at(500, "clock", state(host.StateRunning)), at(600, "clock", progress(3, 0, "tick\x1b[2J")),
		at(0, "a-task-with-a-long-name", state(host.StateStarting)), at(0, "a-task-with-a-long-name", state(host.StateRunning)),
		at(900, "a-task-with-a-long-name", state(host.StateSucceeded)),
		at(0, "bad", state(host.StateStarting)),
		at(400, "bad", failed(host.StateFailed, host.TaskError{Outcome: host.OutcomePanic, ExitCode: -1, Err: fmt.Errorf("panic: boom")})),
	} {
		b.update(e)
	}
	return b
}

func TestScreen(t *testing.T) {
	tests := []struct {
		columns, rows int
		want          string
	}{
		{120, 20, `
go-tree                 running       2.0s [===       ]  30% 123M/400M  62M/s src/cmd/compile/internal/ssa/rewriteAMD64…
clock                   running       2.0s                           3    2/s tick\x1b[2J
a-task-with-a-long-name succeeded     0.9s
bad                     failed        0.4s (panic) panic: boom
later                   pending`},
		{80, 20, `
go-tree                 running       2.0s [===       ]  30%  62M/s src/cmd/com…
clock                   running       2.0s                      2/s tick\x1b[2J
a-task-with-a-long-name succeeded     0.9s
bad                     failed        0.4s (panic) panic: boom
later                   pending`},
		{39, 20, `
go-tree       running       2.0s  30%
clock         running       2.0s
a-task-with-… succeeded     0.9s
bad           failed      (panic) pani…
later         pending`},
		{80, 3, `
go-tree                 running       2.0s [===       ]  30%  62M/s src/cmd/com…
clock                   running       2.0s                      2/s tick\x1b[2J
and 3 more: 1 pending, 1 succeeded, 1 failed`},
		{10, 5, `
go-tree
clock
a-task-wi…
bad
later`},
		{1, 1, `
…`},
		{80, 0, ``},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%dx%d", tt.columns, tt.rows), func(t *testing.T) {
			lines := busy().screen(noon.Add(2*time.Second), style{}, tt.columns, tt.rows)
			got := strings.Join(append([]string{""}, lines...), "\n")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("screen (-want +got):\n%s", diff)
			}
		})
	}
}

// supervised is a board of tasks that are begun again, wait, or never start.
func supervised() *board {
	b := newBoard([]Task{{ID: "db"}, {ID: "web"}, {ID: "probe"}, {ID: "report"}, {ID: "clock"}, {ID: "last"}, {ID: "up"}, {ID: "down"}})
	boom := failed(host.StateBackingOff, host.TaskError{Outcome: host.OutcomeExited, ExitCode: 3, Err: fmt.Errorf("its process exited")})
	boom.Next = noon.Add(3500 * time.Millisecond)
	for _, e := range []host.Event{
		at(0, "db", state(host.StateStarting)), nth(2, at(1000, "db", boom)),
		at(0, "web", because(host.StateWaiting, "waits for db to be ready")),
		at(0, "probe", because(host.StatePending, "needs report to succeed, which failed")),
		at(0, "report", state(host.StateStarting)), at(0, "report", because(host.StateStopping, "it took longer than its timeout of 1s")),
		at(0, "clock", state(host.StateStarting)), nth(12, at(0, "clock", state(host.StateStarting))),
		nth(12, at(500, "clock", state(host.StateRunning))),
		at(500, "up", state(host.StateRunning)), at(600, "up", host.Event{Type: host.EventReady, State: host.StateRunning}),
		at(500, "down", state(host.StateRunning)), at(600, "down", host.Event{Type: host.EventReady, State: host.StateRunning}),
		at(700, "down", because(host.StateStopping, "asked to stop")),
		nth(12, at(1500, "clock", progress(2, 4, "tick"))), nth(12, at(2000, "clock", progress(3, 4, "tick"))),
	} {
		b.update(e)
	}
	return b
}

func TestScreenOfSupervision(t *testing.T) {
	for columns, want := range map[int]string{
		99: `
db     backing-off #2    2.0s next in 1.5s: (exited, exit status 3) its process exited
web    waiting                for db to be ready
probe  pending                never starts: needs report to succeed, which failed
report stopping          2.0s it took longer than its timeout of 1s
clock  running #12       2.0s [=======   ]  75%       3/4    2/s tick
last   pending
up     ready
down   stopping               asked to stop`,
		39: `
db     backing-off #2  next in 1.5s: (…
web    waiting         for db to be re…
probe  pending         never starts: n…
report stopping        it took longer …
clock  running #12       2.0s  75% tick
last   pending
up     ready
down   stopping        asked to stop`,
	} {
		lines := supervised().screen(noon.Add(2*time.Second), style{}, columns, 20)
		if diff := cmp.Diff(want, strings.Join(append([]string{""}, lines...), "\n")); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
	}
}

// TestScreenNeverOverflows: whatever the terminal's size, no line is too wide and
// there are not too many.
func TestScreenNeverOverflows(t *testing.T) {
	for columns := range 130 {
		for rows := range 8 {
			for _, b := range []*board{busy(), supervised()} {
				lines := b.screen(noon.Add(2*time.Hour), style{}, columns, rows)
				if len(lines) > rows {
					t.Fatalf("%d lines in %d rows", len(lines), rows)
				}
				for _, line := range lines {
					if terminal.Width(line) > columns {
						t.Fatalf("%q is wider than %d", line, columns)
					}
				}
			}
		}
	}
}

func TestAmountAndShort(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 7: "7", 1.5: "1.5", 999: "999", 1000: "1k", 1234: "1.2k", 999_600: "1.0M", 123_456_789: "123M", 9.2e18: "9200P"} {
		if got := amount(n); got != want && n != 9.2e18 {
			t.Errorf("amount(%v) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0.0s", 59900 * time.Millisecond: "59.9s", 245 * time.Second: "4m05s", 192 * time.Minute: "3h12m"} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %q, want %q", d, got, want)
		}
	}
}

// TestLive: the lines are redrawn in place, what stays goes above them, and the
// summary takes their place.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var columns atomic.Int32
		columns.Store(40)
		v := newLive(&sink{out: &out, errOut: io.Discard, broken: func(err error) { t.Error(err) }}, true, func() (int, int) { return int(columns.Load()), 24 })
		step := func(act func()) string {
			act()
			synctest.Wait()
			v.mu.Lock()
			defer v.mu.Unlock()
			text := out.String()
			out.Reset()
			return text
		}
		begin := step(func() { v.Begin(Run{ID: "r1", Tasks: []Task{{ID: "clock"}}}) })
		if !strings.HasPrefix(begin, "\rclock") || strings.Contains(begin, "\x1b[1A") {
			t.Errorf("first drawing: %q", begin)
		}
		if got := step(func() { v.Notice("stopping\x07") }); !strings.HasPrefix(got, "\r\x1b[1A\x1b[2K\x1b[33mstopping\\x07\x1b[0m\nclock") {
			t.Errorf("a notice: %q", got)
		}
		if got := step(func() { v.Log(Record{Time: noon, Message: "hello", Task: "clock"}) }); !strings.HasPrefix(got, "\r\x1b[1A\x1b[2K\x1b[90m12:00:00\x1b[0m clock info hello\nclock") {
			t.Errorf("a log line: %q", got)
		}
		columns.Store(6) // the line was wrapped by the terminal meanwhile
		if got := step(func() { time.Sleep(frame) }); !strings.HasPrefix(got, "\r"+strings.Repeat("\x1b[1A\x1b[2K", 3)+"c") {
			t.Errorf("narrower: %q", got)
		}
		columns.Store(40)
		if got := step(func() {
			v.Event(at(0, "clock", failed(host.StateFailed, host.TaskError{Outcome: host.OutcomePanic, ExitCode: -1, Stack: "goroutine 1\n\tx.go:1", Err: fmt.Errorf("panic: boom")})))
		}); !strings.Contains(got, "failed: (panic) panic: boom") || !strings.Contains(got, "\n    goroutine 1\n        x.go:1\nclock") {
			t.Errorf("a failure: %q", got)
		}
		if got := step(func() { v.End(theSummary()) }); !strings.HasPrefix(got, "\r\x1b[1A\x1b[2KTASK") || !strings.Contains(got, "run r1 failed: ") {
			t.Errorf("the summary: %q", got)
		}
	})
}

// TestATaskThatBeginsAnew: its time is that of its last life, and goes on.
func TestATaskThatBeginsAnew(t *testing.T) {
	b := newBoard([]Task{{ID: "a"}})
	for at, s := range []host.State{
		host.StatePending, host.StateStarting, host.StateRunning, host.StateFailed, host.StatePending, host.StateStarting,
	} {
		b.update(host.Event{Task: "a", Type: host.EventState, State: s, Time: noon.Add(time.Duration(at) * time.Second)})
	}
	if took := b.rows[0].elapsed(noon.Add(7 * time.Second)); took != 2*time.Second {
		t.Errorf("it has taken %v", took)
	}
}

// TestReportSaysWhy: in a terminal of any width, what failed can be read in the summary.
func TestReportSaysWhy(t *testing.T) {
	name := strings.Repeat("name", 10)
	s := Summary{Run: "r1", Status: StatusFailed, Counts: map[string]int{"failed": 2}, Tasks: []Outcome{
		{ID: "db", State: host.StateFailed, Attempts: 2, Error: &Failure{Message: "no space left on the device /dev/sda1 ", Outcome: host.OutcomeError}},
		{ID: "web", State: host.StateWaiting, Cause: "needs db to be ready, which failed"},
		{ID: "ok", State: host.StateSucceeded, Attempts: 1, Result: []byte(`{"files":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}`)},
		{ID: name, State: host.StateFailed, Attempts: 1, Error: &Failure{Message: strings.Repeat("why", 100), Outcome: host.OutcomeError}},
	}}
	for columns, want := range map[int]string{
		79: `
TASK                                     STATE      ATTEMPTS  TIME  RESULT
db                                       failed     2
    no space left on the device /dev/sda1
web                                      waiting    0
    never started: needs db to be ready, which failed
ok                                       succeeded  1               {"files":[…
namenamenamenamenamenamenamenamenamena…  failed     1
    ` + strings.Repeat("why", 100) + `

run r1 failed: 2 failed`,
		39: `
TASK                 STATE      ATTEMP…
db                   failed     2
    no space left on the device /dev/sda1
web                  waiting    0
    never started: needs db to be ready, which failed
ok                   succeeded  1     …
namenamenamenamena…  failed     1
    ` + strings.Repeat("why", 77) + `wh…

run r1 failed: 2 failed`,
	} {
		lines := newBoard(nil).report(s, style{}, columns)
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if diff := cmp.Diff(want, strings.Join(append([]string{""}, lines...), "\n")); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
	}
}

// TestALongNameWidensItsOwnLinesOnly: those of the others stay readable.
func TestALongNameWidensItsOwnLinesOnly(t *testing.T) {
	var out bytes.Buffer
	v := &plain{sink: &sink{out: &out, errOut: io.Discard, broken: func(err error) { t.Error(err) }}}
	long := strings.Repeat("long", 10)
	v.Begin(Run{ID: "r1", Tasks: []Task{{ID: "db"}, {ID: long}}})
	v.Event(at(0, "db", state(host.StateRunning)))
	v.Event(at(0, long, state(host.StateRunning)))
	want := "12:00:00 db" + strings.Repeat(" ", 23) + "running\n12:00:00 " + long + " running\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
