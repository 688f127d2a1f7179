package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// board is what is known of each task, by its events.
type board struct {
	rows []*row
	byID map[string]*row
	ids  int // columns that the ids take

	attempts int // the most that a task has begun
}

// row is one task.
type row struct {
	Task
	condition
	ready    bool      // while it runs
	begun    time.Time // when it started; zero before
	running  time.Time // from when its rate counts: it ran, or a later attempt made progress; zero before
	ended    time.Time // zero before
	progress host.Progress
	resumed  int64 // what a later attempt had done when it first said so
}

func newBoard(tasks []Task) *board {
	b := &board{byID: map[string]*row{}}
	for _, t := range tasks {
		b.add(t)
	}
	return b
}

func (b *board) add(t Task) *row {
	r := &row{Task: t}
	b.rows = append(b.rows, r)
	b.byID[t.ID] = r
	b.ids = max(b.ids, terminal.Width(t.ID))
	return r
}

// update notes an event.
func (b *board) update(e host.Event) {
	r := b.byID[e.Task]
	if r == nil {
		r = b.add(Task{ID: e.Task, Kind: e.Kind, Mode: e.Mode.String()})
	}
	switch e.Type {
	case host.EventProgress:
		if e.Attempt > 1 && r.progress == (host.Progress{}) { // it may go on where the last one was
			r.running, r.resumed = e.Time, e.Progress.Done
		}
		r.progress = e.Progress
	case host.EventReady:
		r.ready = true
	case host.EventState:
		r.condition, r.ready = conditionOf(e), false
		b.attempts = max(b.attempts, e.Attempt)
		switch {
		case e.State == host.StateStarting:
			r.progress, r.running, r.resumed = host.Progress{}, time.Time{}, 0
			if r.begun.IsZero() || !r.ended.IsZero() { // or it begins anew
				r.begun, r.ended = e.Time, time.Time{}
			}
		case e.State == host.StateRunning:
			r.running = e.Time
		case e.State.Ended():
			r.ended = e.Time
		}
	}
}

// stateWord is the task's state, and of one that runs whether it is ready.
func (r *row) stateWord() string {
	if r.ready {
		return string(host.EventReady)
	}
	return r.state.String()
}

// elapsed is how long the task has taken so far, or took; 0 before its start.
func (r *row) elapsed(now time.Time) time.Duration {
	switch {
	case r.begun.IsZero():
		return 0
	case r.ended.IsZero():
		return now.Sub(r.begun)
	default:
		return r.ended.Sub(r.begun)
	}
}

// rate is the task's progress a second, 0 if it is not known.
func (r *row) rate(now time.Time) float64 {
	if !r.ended.IsZero() {
		now = r.ended
	}
	if seconds := now.Sub(r.running).Seconds(); !r.running.IsZero() && seconds > 0 {
		return float64(r.progress.Done-r.resumed) / seconds
	}
	return 0
}

// amount writes a number of a task's own unit in at most 6 columns.
func amount(n float64) string {
	for _, unit := range []string{"", "k", "M", "G", "T", "P"} {
		switch {
		case n < 10 && n > -10 && n != float64(int64(n)):
			return fmt.Sprintf("%.1f%s", n, unit)
		case n < 999.5 && n > -999.5:
			return fmt.Sprintf("%.0f%s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.0fE", n)
}

// short writes a duration in at most 6 columns or so: 0.4s, 12.3s, 4m05s, 3h12m.
func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}

// describe says in words how a task failed, without its details.
func (f *Failure) describe() string {
	var facts []string
	if f.Outcome != host.OutcomeError {
		facts = append(facts, string(f.Outcome))
	}
	if f.ExitCode != nil {
		facts = append(facts, fmt.Sprintf("exit status %d", *f.ExitCode))
	}
	if f.Signal != "" {
		facts = append(facts, "signal: "+f.Signal)
	}
	text := terminal.Clean(f.Message)
	if len(facts) > 0 {
		text = "(" + strings.Join(facts, ", ") + ") " + text
	}
	return text
}

// details are the lines that say more of a failure: the last ones of stderr, and
// the stack of a panic.
func (f *Failure) details() []string {
	var lines []string
	for _, line := range f.Stderr {
		lines = append(lines, "    stderr: "+terminal.Clean(line))
	}
	if f.Stack != "" {
		for line := range strings.Lines(strings.ReplaceAll(f.Stack, "\t", "    ")) {
			lines = append(lines, "    "+terminal.Clean(strings.TrimRight(line, "\r\n")))
		}
	}
	return lines
}

// report is the human summary: a line for each task, and the counts. There are
// attempts in it if a task had more than one. No line but those that say why is wider
// than columns, if that is not 0.
func (b *board) report(s Summary, paint style, columns int) []string {
	table := [][]string{{"TASK", "STATE", "ATTEMPTS", "TIME", "RESULT"}}
	most := 0
	for _, o := range s.Tasks {
		took := ""
		if r := b.byID[o.ID]; r != nil && !r.begun.IsZero() {
			took = short(r.elapsed(r.begun))
		}
		most = max(most, o.Attempts)
		id := o.ID
		if columns > 0 {
			id = terminal.Cut(id, max(columns/2, leastMessage))
		}
		table = append(table, []string{id, o.State.String(), strconv.Itoa(o.Attempts), took, o.words()})
	}
	if most <= 1 {
		for i := range table {
			table[i] = slices.Delete(table[i], 2, 3)
		}
	}
	rows := terminal.Table(table)
	lines := fold(rows[0], "", columns)
	for i, o := range s.Tasks {
		for _, line := range fold(rows[i+1], o.why(), columns) {
			lines = append(lines, paint.paint(stateColour(o.State), line))
		}
	}
	return append(lines, "", s.headline())
}

// mostFolded is how many lines of a terminal a why may take that does not fit into its row.
const mostFolded = 6

// fold fits a row of the report into columns, if not 0. The why that it ends with goes below
// it rather than being cut: the terminal wraps it.
func fold(row, why string, columns int) []string {
	switch {
	case columns <= 0 || terminal.Width(row) <= columns:
		return []string{row}
	case why == "":
		return []string{terminal.Cut(row, columns)}
	}
	row = strings.TrimRight(strings.TrimSuffix(row, strings.TrimRight(why, " ")), " ")
	return []string{terminal.Cut(row, columns), "    " + terminal.Cut(why, mostFolded*columns)}
}

// words are how a task ended.
func (o Outcome) words() string { return cmp.Or(o.why(), terminal.Clean(string(o.Result))) }

// why is how a task failed, or why it never started; "" if it has done neither.
func (o Outcome) why() string {
	switch {
	case o.Error != nil:
		return o.Error.describe()
	case o.Cause != "":
		cause := terminal.Clean(o.Cause)
		if rest, waited := strings.CutPrefix(cause, "waits for "); waited {
			cause = "it waited for " + rest
		}
		return "never started: " + cause
	default:
		return ""
	}
}

// headline is the run in one line.
func (s Summary) headline() string {
	var counts []string
	for state := host.StatePending; state <= host.StateAbandoned; state++ {
		if n := s.Counts[state.String()]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(counts) == 0 {
		counts = []string{"no tasks"}
	}
	cause := ""
	if s.Cause != "" {
		cause = " (" + s.Cause + ")"
	}
	return fmt.Sprintf("run %s %s%s: %s", s.Run, s.Status, cause, strings.Join(counts, ", "))
}
