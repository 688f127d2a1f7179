package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// screen is the board's live lines: at most rows of them, none wider than columns.
func (b *board) screen(now time.Time, paint style, columns, rows int) []string {
	shown := b.pick(rows)
	l := b.layout(columns)
	var lines []string
	for _, r := range shown {
		lines = append(lines, l.line(r, now, paint))
	}
	if hidden := len(b.rows) - len(shown); hidden > 0 && rows > 0 {
		lines = append(lines, paint.paint(grey, terminal.Cut(b.others(shown, hidden), columns)))
	}
	return lines
}

// pick chooses the rows that are shown where there is no room for all: those at
// work, then the failures, the waiting, and the others, in the order of the job.
func (b *board) pick(rows int) []*row {
	if len(b.rows) <= rows {
		return b.rows
	}
	rank := func(r *row) int {
		switch {
		case r.state.Ended() && r.failure != nil:
			return 1
		case r.state.Ended():
			return 3
		case r.begun.IsZero():
			return 2
		}
		return 0
	}
	order := make([]int, len(b.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return rank(b.rows[i]) - rank(b.rows[j]) })
	order = order[:max(0, rows-1)]
	slices.Sort(order)
	shown := make([]*row, len(order))
	for i, at := range order {
		shown[i] = b.rows[at]
	}
	return shown
}

// others says what is hidden.
func (b *board) others(shown []*row, hidden int) string {
	counts := map[host.State]int{}
	for _, r := range b.rows {
		counts[r.state]++
	}
	for _, r := range shown {
		counts[r.state]--
	}
	var words []string
	for state := host.StatePending; state <= host.StateAbandoned; state++ {
		if counts[state] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	return fmt.Sprintf("and %d more: %s", hidden, strings.Join(words, ", "))
}

// layout is the columns of the live lines. A column of width 0 is left out.
type layout struct{ columns, id, state, elapsed, bar, percent, amount, rate, message int }

// leastMessage is how many columns a text takes to be worth them.
const leastMessage = 12

// layout fits the columns into a width: the less important ones go first.
func (b *board) layout(columns int) layout {
	l := layout{columns: columns, state: 11, elapsed: 6, bar: 12, percent: 4, amount: 9, rate: 6}
	if b.attempts > 1 {
		l.state += len(attemptMark(b.attempts))
	}
	l.id = min(b.ids, mostPadding, max(8, columns-l.state-leastMessage-3))
	fixed := func() int {
		sum := 0
		for _, w := range []int{l.id, l.state, l.elapsed, l.bar, l.percent, l.amount, l.rate} {
			if w > 0 {
				sum += w + 1
			}
		}
		return sum
	}
	for _, drop := range []*int{&l.amount, &l.rate, &l.bar} {
		if fixed()+leastMessage <= columns {
			break
		}
		*drop = 0
	}
	for _, drop := range []*int{&l.percent, &l.elapsed} {
		if fixed() <= columns+1 {
			break
		}
		*drop = 0
	}
	if l.message = columns - fixed(); l.message < 4 {
		l.message = 0
	}
	if fixed() > columns+1 { // a terminal of next to no width
		l = layout{id: columns}
	}
	return l
}

// cell is a text in a column.
type cell struct {
	width  int
	colour string
	text   string
}

// line is the live line of one task, "ready" where it runs and is that: its progress, or where it makes none in its
// state, why it is in that.
func (l layout) line(r *row, now time.Time, paint style) string {
	state, elapsed := r.stateWord(), ""
	if r.attempt > 1 {
		state += attemptMark(r.attempt)
	}
	if !r.begun.IsZero() {
		elapsed = right(l.elapsed, short(r.elapsed(now)))
	}
	cells := []cell{{l.id, "", r.ID}, {l.state, stateColour(r.state), state}, {l.elapsed, "", elapsed}}
	if why := r.why(now); why != "" && r.state != host.StateStarting {
		cells = l.explained(cells, why, r)
	} else {
		cells = append(cells, l.progress(r, now)...)
	}
	var parts []string
	for _, c := range cells {
		if c.width > 0 {
			parts = append(parts, paint.paint(c.colour, terminal.Fit(c.text, c.width)))
		}
	}
	return strings.TrimRight(strings.Join(parts, " "), " ")
}

// attemptMark is the number of an attempt after a state.
func attemptMark(n int) string { return fmt.Sprintf(" #%d", n) }

// explained gives the rest of the line to the cause. Where it has little room it
// takes that of the time too.
func (l layout) explained(cells []cell, why string, r *row) []cell {
	rest := l.columns
	for _, c := range cells {
		if c.width > 0 {
			rest -= c.width + 1
		}
	}
	if elapsed := &cells[2].width; rest < 2*leastMessage && *elapsed > 0 {
		rest += *elapsed + 1
		*elapsed = 0
	}
	colour := stateColour(r.state)
	if r.failure != nil {
		colour = red
	}
	return append(cells, cell{rest, colour, why})
}

// progress are the cells of what the task reported.
func (l layout) progress(r *row, now time.Time) []cell {
	p := r.progress
	var share, done, rate string
	if p.Total > 0 {
		share = fmt.Sprintf("%3d%%", percent(p))
		done = amount(float64(p.Done)) + "/" + amount(float64(p.Total))
	} else if p.Done > 0 {
		done = amount(float64(p.Done))
	}
	if n := r.rate(now); n > 0 {
		rate = amount(n) + "/s"
	}
	return []cell{
		{l.bar, "", bar(p, l.bar)}, {l.percent, "", share}, {l.amount, "", right(l.amount, done)},
		{l.rate, "", right(l.rate, rate)}, {l.message, "", terminal.Clean(p.Message)},
	}
}

// right aligns text at the end of its columns.
func right(columns int, text string) string { return fmt.Sprintf("%*s", columns, text) }

// bar draws progress, of which the total is known, in the given columns.
func bar(p host.Progress, columns int) string {
	if p.Total <= 0 || columns < 3 {
		return ""
	}
	full := percent(p) * (columns - 2) / 100
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", columns-2-full) + "]"
}
