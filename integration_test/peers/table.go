package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// table is the rows and what is to be said below them.
type table struct {
	rows  []row
	notes []string
}

// row compares ours with one other side, or shows ours alone.
type row struct{ workload, ours, peer, limit, ratio, target, met string }

const notMeasured = "not measured"

// add appends the rows of a workload, those of a quantity together.
func (t *table) add(res result) {
	w := res.workload
	if why := res.missing; why != "" {
		t.rows = append(t.rows, row{workload: w.title, ours: "needs " + why, met: notMeasured})
		return
	}
	if res.err != nil {
		t.rows = append(t.rows, row{workload: w.title, ours: "failed", met: notMeasured})
		t.note("%s: %v", w.title, res.err)
		return
	}
	for q, quantity := range w.quantities {
		t.addQuantity(res, q, quantity)
	}
	for i, s := range res.sides {
		if s.err != nil {
			t.note("%s, %s: %v", w.title, w.sides[i].name, s.err)
		}
	}
}

// addQuantity appends a row for each other side of the workload, and one before them
// for a target that ours has alone.
func (t *table) addQuantity(res result, q int, quantity quantity) {
	title := res.workload.title
	if quantity.name != "" {
		title += ": " + quantity.name
	}
	ours := cell(res, q, 0)
	show := func(r row) {
		r.workload, r.ours = title, ours
		title, ours = "", "" // once is enough
		t.rows = append(t.rows, r)
	}
	if goals := quantity.against(""); len(goals) > 0 || len(res.sides) == 1 {
		r := row{target: describe(goals, quantity.unit.format), met: notMeasured}
		if res.sides[0].complete() {
			alone := newSpread(res.sides[0].values[q])
			ours = res.workload.sides[0].name + " " + alone.in(quantity.unit.format)
			r.met = t.judge(goals, alone.median)
		}
		show(r)
	}
	for i := 1; i < len(res.sides); i++ {
		s := res.workload.sides[i]
		goals := quantity.against(s.name)
		r := row{peer: cell(res, q, i), target: describe(goals, plain)}
		if s.limit {
			r.peer, r.limit = "", r.peer
		}
		if res.sides[0].complete() && res.sides[i].complete() {
			ratio := newRatio(res.sides[0].values[q], res.sides[i].values[q])
			r.ratio, r.met = ratio.String(), t.judge(goals, ratio.median)
		} else if len(goals) > 0 {
			r.met = notMeasured
		}
		show(r)
	}
}

// judge says whether the value meets all goals, or nothing if there are none, and
// notes what stands in the way.
func (t *table) judge(goals []target, value float64) (met string) {
	for _, goal := range goals {
		switch {
		case goal.met(value) && met != "no":
			met = "yes"
		case !goal.met(value):
			met = "no"
			if goal.wall != "" && !slices.Contains(t.notes, goal.wall) {
				t.notes = append(t.notes, goal.wall)
			}
		}
	}
	return met
}

// plain writes a ratio that somebody chose.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// describe writes out what the targets ask for.
func describe(goals []target, format func(float64) string) string {
	var texts []string
	for _, goal := range goals {
		if goal.atLeast > 0 {
			texts = append(texts, "≥ "+format(goal.atLeast))
		} else {
			texts = append(texts, "≤ "+format(goal.atMost))
		}
	}
	return strings.Join(texts, ", ")
}

// against are the quantity's targets that name the side.
func (q quantity) against(side string) (goals []target) {
	for _, goal := range q.targets {
		if goal.against == side {
			goals = append(goals, goal)
		}
	}
	return goals
}

// cell names a side and what it measured, or why it did not.
func cell(res result, q, i int) string {
	name, s := res.workload.sides[i].name, res.sides[i]
	switch {
	case s.missing != "":
		return name + ": needs " + s.missing
	case s.err != nil || len(s.values) == 0:
		return name + ": failed"
	}
	return name + " " + res.workload.quantities[q].unit.format(newSpread(s.values[q]).median)
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// write writes the table in Markdown, with columns that line up as plain text too.
func (t *table) write(w io.Writer) {
	lines := [][]string{{"workload", "ours", "peer", "limit", "ours / theirs", "target", "met"}}
	for _, r := range t.rows {
		lines = append(lines, []string{r.workload, r.ours, r.peer, r.limit, r.ratio, r.target, r.met})
	}
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, text := range cells {
			widths[i] = max(widths[i], len([]rune(text)))
		}
	}
	for i, cells := range lines {
		for j, text := range cells {
			fmt.Fprintf(w, "| %-*s ", widths[j], text)
		}
		fmt.Fprintln(w, "|")
		if i == 0 {
			for _, width := range widths {
				fmt.Fprint(w, "|", strings.Repeat("-", width+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
	if len(t.notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, note := range t.notes {
		fmt.Fprintln(w, "-", note)
	}
}
