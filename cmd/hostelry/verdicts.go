package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/junit"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/shell"
	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// verdicts are what came of all checks.
type verdicts struct {
	file   string
	plugin string // its name and version, or ""
	began  time.Time

	settings string // the flags of run that say the config again, each after a space
	all      []conformance.Result
	failed   []string // the checks
	unseen   []string // kinds of which no task was run, with the reason
	counts   map[conformance.Verdict]int
}

func (v *verdicts) add(r conformance.Result) {
	if v.counts == nil {
		v.counts = make(map[conformance.Verdict]int)
	}
	v.all = append(v.all, r)
	v.counts[r.Verdict]++
	switch {
	case r.Verdict == conformance.Fail:
		v.failed = append(v.failed, nameOf(r))
	case r.Verdict == conformance.NotApplicable && r.Check.Name == "start":
		v.unseen = append(v.unseen, fmt.Sprintf("no task of kind %s was run: %s", r.Kind, r.Reason))
	}
}

// nameOf is a check's name, and its kind's.
func nameOf(r conformance.Result) string {
	if r.Kind == "" {
		return r.Check.Name
	}
	return r.Check.Name + " of kind " + r.Kind
}

// rule is the rule that a check holds, for people.
func rule(c conformance.Check) string { return fmt.Sprintf("rule %s: %q", c.Rule, c.Sentence) }

// writeJUnit writes the report of all checks.
func (v *verdicts) writeJUnit(w io.Writer) error {
	name := filepath.Base(v.file)
	s := junit.Suite{Name: name}
	for _, r := range v.all {
		c := junit.Case{Class: name, Name: r.Check.Name, Took: r.Took}
		if r.Kind != "" {
			c.Class += "." + r.Kind
		}
		switch r.Verdict {
		case conformance.Fail:
			c.Failure, c.Detail = r.Reason, rule(r.Check)
		case conformance.NotApplicable:
			c.Skipped = "not applicable: " + r.Reason
		case conformance.Pass:
		}
		s.Cases = append(s.Cases, c)
	}
	return junit.Write(w, s)
}

// plainReport is for people: a line for each check as it is made.
type plainReport struct {
	out     io.Writer
	file    string
	heading string // the newest
	err     error  // of the first line that could not be written
}

func (p *plainReport) line(format string, args ...any) {
	if _, err := fmt.Fprintln(p.out, terminal.Clean(fmt.Sprintf(format, args...))); p.err == nil {
		p.err = err
	}
}

func (p *plainReport) check(r conformance.Result) {
	heading := "plugin " + p.file
	if r.Kind != "" {
		heading = "kind " + r.Kind
	}
	if heading != p.heading {
		p.heading = heading
		p.line("%s", heading)
	}
	word := map[conformance.Verdict]string{
		conformance.Pass: "pass", conformance.Fail: "FAIL", conformance.NotApplicable: "n/a ",
	}[r.Verdict]
	p.line("%s", strings.TrimRight(fmt.Sprintf("  %s  %-16s  %s", word, r.Check.Name, r.Reason), " "))
	if r.Verdict == conformance.Fail {
		p.line("%26s%s", "", rule(r.Check))
	}
}

func (p *plainReport) end(v *verdicts) error {
	p.line("")
	for _, text := range v.unseen {
		p.line("%s, by --config FILE or --set KEY=VALUE", text)
	}
	counts := fmt.Sprintf("%d checks passed, %d failed, %d not applicable, in %.1fs", v.counts[conformance.Pass],
		v.counts[conformance.Fail], v.counts[conformance.NotApplicable], time.Since(v.began).Seconds())
	if kind := v.kind(); len(v.failed)+len(v.unseen) == 0 && kind != "" {
		p.line("next: hostelry run --plugins %s %s", shell.Quote(filepath.Dir(v.file)), kind+v.settings)
	}
	switch {
	case len(v.failed) > 0:
		p.line("%s DOES NOT CONFORM: %s: %s", v.title(), counts, strings.Join(v.failed, ", "))
	case len(v.unseen) > 0:
		p.line("%s CONFORMS, as far as it was seen: %s", v.title(), counts)
	default:
		p.line("%s CONFORMS: %s", v.title(), counts)
	}
	return p.err
}

// kind is the first kind that was checked, or "".
func (v *verdicts) kind() string {
	for _, r := range v.all {
		if r.Kind != "" {
			return r.Kind
		}
	}
	return ""
}

// title names the plugin.
func (v *verdicts) title() string {
	if v.plugin == "" {
		return v.file
	}
	return v.plugin
}

// jsonReport is one JSON object a line, the last of them the summary.
type jsonReport struct {
	out *json.Encoder
	err error // of the first line that could not be written
}

// checkLine is a check.
type checkLine struct {
	Type     string  `json:"type"` // "check"
	Check    string  `json:"check"`
	Kind     string  `json:"kind"`    // "" for a check of the plugin as a whole
	Verdict  string  `json:"verdict"` // "pass", "fail" or "not-applicable"
	Reason   string  `json:"reason"`
	Rule     string  `json:"rule"`
	Sentence string  `json:"sentence"`
	Seconds  float64 `json:"seconds"`
}

// verdictLine is the last line.
type verdictLine struct {
	Type          string  `json:"type"` // "summary"
	File          string  `json:"file"`
	Plugin        string  `json:"plugin"`
	Conforms      bool    `json:"conforms"`
	Passed        int     `json:"passed"`
	Failed        int     `json:"failed"`
	NotApplicable int     `json:"not_applicable"`
	Seconds       float64 `json:"seconds"`
}

func (j *jsonReport) line(v any) {
	if err := j.out.Encode(v); j.err == nil {
		j.err = err
	}
}

func (j *jsonReport) check(r conformance.Result) {
	j.line(checkLine{
		Type: "check", Check: r.Check.Name, Kind: r.Kind, Verdict: r.Verdict.String(), Reason: r.Reason,
		Rule: r.Check.Rule, Sentence: r.Check.Sentence, Seconds: r.Took.Seconds(),
	})
}

func (j *jsonReport) end(v *verdicts) error {
	j.line(verdictLine{
		Type: "summary", File: v.file, Plugin: v.plugin, Conforms: len(v.failed) == 0,
		Passed: v.counts[conformance.Pass], Failed: v.counts[conformance.Fail],
		NotApplicable: v.counts[conformance.NotApplicable], Seconds: time.Since(v.began).Seconds(),
	})
	return j.err
}
