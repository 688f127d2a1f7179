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
}

// often is the least time between two lines of progress of one task: a second,
// less what a task that reports every second may be early.
const often = 950 * time.Millisecond

func (v *plain) Begin(r Run) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.board = newBoard(r.Tasks)
	v.shown, v.delayed = map[string]time.Time{}, map[string]host.Event{}
}

func (v *plain) Event(e host.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.board.update(e)
	switch {
	case e.Type == host.EventState && e.State == host.StatePending:
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
	text, colour := string(e.Type), ""
	switch e.Type {
	case host.EventProgress:
		v.shown[e.Task] = e.Time
		delete(v.delayed, e.Task)
		text = progressText(e.Progress)
	case host.EventState:
		text, colour = e.State.String(), stateColour(e.State)
		if e.State == host.StateStarting {
			text += fmt.Sprintf(" %s in %s mode", e.Kind, e.Mode)
		}
		if e.Attempt > 1 {
			text += fmt.Sprintf(", attempt %d", e.Attempt)
		}
	}
	f := failureOf(e.Err)
	if f != nil {
		text += ": " + f.describe()
	}
	lines := []string{v.prefix(e.Time, e.Task) + v.paint(colour, text)}
	if f != nil {
		lines = append(lines, f.details()...)
	}
	v.write(strings.Join(lines, "\n") + "\n")
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
	v.mu.Lock()
	defer v.mu.Unlock()
	v.write(v.logLine(r) + "\n")
}

// logLine is a log record in one line.
func (v *plain) logLine(r Record) string {
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

// prefix is the time and the task that a line begins with.
func (v *plain) prefix(t time.Time, task string) string {
	columns := 0
	if v.board != nil {
		columns = v.board.ids
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
