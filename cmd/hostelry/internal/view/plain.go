package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// plain writes one readable line for each event and log record.
type plain struct {
	*sink
	style

	mu      sync.Mutex
	board   *board
	shown   map[string]time.Time  // when a task's progress was last shown
	delayed map[string]host.Event // progress that was too soon to be shown
	modes   map[string]host.Mode  // in which a task began last
	heard   heard
}

// often is the least time between two lines of progress of one task: a second,
// less what a task that reports every second may be early.
const often = 950 * time.Millisecond

func (v *plain) Begin(r Run) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.board = newBoard(r.Tasks)
	v.shown, v.delayed, v.modes = map[string]time.Time{}, map[string]host.Event{}, map[string]host.Mode{}
	v.heard = heard{}
}

func (v *plain) Event(e host.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.board.update(e)
	switch {
	case e.Type == host.EventState && e.State == host.StatePending && e.Cause == "":
	case e.Type == host.EventProgress && e.Time.Sub(v.shown[e.Task]) < often:
		v.delayed[e.Task] = e
	case e.Type == host.EventState && e.State.Ended():
		if late, ok := v.delayed[e.Task]; ok {
			v.show(late)
		}
		v.show(e)
	default:
		v.show(e)
	}
}

// show writes the line of an event, and what else there is to say of a failure.
func (v *plain) show(e host.Event) {
	switch e.Type {
	case host.EventProgress:
		v.shown[e.Task] = e.Time
		delete(v.delayed, e.Task)
		v.write(v.prefix(e.Time, e.Task) + progressText(e.Progress) + "\n")
	case host.EventState:
		v.write(v.stateLines(e))
	default:
		v.write(v.prefix(e.Time, e.Task) + string(e.Type) + "\n")
	}
}

// stateLines are a state in one line, and the details of a failure below it.
func (v *plain) stateLines(e host.Event) string {
	c := conditionOf(e)
	if c.failure != nil {
		c.failure = v.heard.rest(e.Task, c.failure)
	}
	text := c.line(e.Time)
	if e.State == host.StateStarting {
		text = v.startLine(e)
	}
	lines := []string{v.prefix(e.Time, e.Task) + v.paint(stateColour(e.State), text)}
	if c.failure != nil {
		lines = append(lines, c.failure.details()...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// startLine says what begins. Why it begins again was told when the task backed
// off, but not why in another mode.
func (v *plain) startLine(e host.Event) string {
	text := fmt.Sprintf("starting %s in %s mode", e.Kind, e.Mode)
	if e.Attempt > 1 {
		text += fmt.Sprintf(", attempt %d", e.Attempt)
	}
	if last, begun := v.modes[e.Task]; begun && last != e.Mode {
		text += ": " + terminal.Clean(e.Cause)
	}
	v.modes[e.Task] = e.Mode
	return text
}

// progressText is progress in words: 12 of 34 (35%): message.
func progressText(p host.Progress) string {
	text := fmt.Sprintf("progress %d", p.Done)
	if p.Total > 0 {
		text += fmt.Sprintf(" of %d (%d%%)", p.Total, percent(p))
	}
	if p.Message != "" {
		text += ": " + terminal.Clean(p.Message)
	}
	return text
}

// percent is how much is done, 0 to 100.
func percent(p host.Progress) int {
	if p.Total <= 0 {
		return 0
	}
	return int(max(0, min(100, 100*float64(p.Done)/float64(p.Total))))
}

func (v *plain) Log(r Record) {
	if r.tellsFailure() {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write(v.logLine(r) + "\n")
}

// logLine is a log record in one line, which is shown.
func (v *plain) logLine(r Record) string {
	if v.heard != nil { // after Begin
		v.heard.note(r)
	}
	level, colour := strings.ToLower(r.Level.String()), ""
	switch {
	case r.Level >= 8:
		colour = red
	case r.Level >= 4:
		colour = yellow
	case r.Level < 0:
		colour = grey
	}
	text := append([]string{r.Message}, words("", r.Fields)...)
	return v.prefix(r.Time, r.Task) + v.paint(colour, level) + " " + terminal.Clean(strings.Join(text, " "))
}

// mostPadding is how wide the column of the tasks is made for a long name's sake: what has
// one is told in longer lines, not everything.
const mostPadding = 24

// prefix is the time and the task that a line begins with.
func (v *plain) prefix(t time.Time, task string) string {
	columns := 0
	if v.board != nil {
		columns = min(v.board.ids, mostPadding)
	}
	if task == "" {
		task = "-"
	}
	return v.paint(grey, t.Format("15:04:05")) + " " + terminal.Fit(terminal.Clean(task), max(columns, terminal.Width(task))) + " "
}

func (v *plain) Notice(text string) { v.tell(text) }

func (v *plain) Error(p Problem) { v.tell(p.String()) }

func (v *plain) End(s Summary) {
	if s.Status == StatusRefused {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write("\n" + strings.Join(v.board.report(s, v.style, 0), "\n") + "\n")
	v.out = io.Discard // an abandoned task may still log
}
