package view

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// jsonView writes one JSON object a line, the last of them the summary. Their
// fields are those of the types below, and of Summary; times are RFC 3339.
type jsonView struct {
	*sink
	mu  sync.Mutex
	run string
}

// about is what the lines of a run begin with.
type about struct {
	Type string `json:"type"`
	Time string `json:"time"`
	Run  string `json:"run"`
}

// taskLine is an event of a task.
type taskLine struct {
	about
	Task    string   `json:"task"`
	Kind    string   `json:"kind"`
	Mode    string   `json:"mode"`
	Attempt int      `json:"attempt"`           // from 1; 0 before the first
	State   string   `json:"state,omitempty"`   // of "state"
	Cause   string   `json:"cause,omitempty"`   // of "state": why, where there is something to say
	Next    string   `json:"next,omitempty"`    // of "state", backing-off: when the next attempt begins at the earliest
	Error   *Failure `json:"error,omitempty"`   // of "state": how the task, or backing-off the attempt, failed
	Done    *int64   `json:"done,omitempty"`    // of "progress"
	Total   *int64   `json:"total,omitempty"`   // of "progress"; 0 where it is not known
	Message *string  `json:"message,omitempty"` // of "progress"
}

// logLine is a log record.
type logLine struct {
	about
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Task    string         `json:"task,omitempty"`
	Attempt int            `json:"attempt,omitempty"` // of the task
	Fields  map[string]any `json:"fields"`
}

// problemLine is a reason to refuse the run.
type problemLine struct {
	Type string `json:"type"`
	Problem
}

// summaryLine is the last line.
type summaryLine struct {
	Type string `json:"type"`
	Time string `json:"time"`
	Summary
}

func (v *jsonView) Begin(r Run) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.run = r.ID
}

func (v *jsonView) Event(e host.Event) {
	line := taskLine{
		about: about{Type: string(e.Type), Time: stamp(e.Time)},
		Task:  e.Task, Kind: e.Kind, Mode: e.Mode.String(), Attempt: e.Attempt,
	}
	switch e.Type {
	case host.EventState:
		line.State, line.Cause, line.Error = e.State.String(), e.Cause, failureOf(e.Err)
		if e.State == host.StateBackingOff && !e.Next.IsZero() {
			line.Next = stamp(e.Next)
		}
	case host.EventProgress:
		line.Done, line.Total, line.Message = &e.Progress.Done, &e.Progress.Total, &e.Progress.Message
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	line.Run = v.run
	v.line(line)
}

func (v *jsonView) Log(r Record) {
	line := logLine{
		about: about{Type: "log", Time: stamp(r.Time), Run: r.Run},
		Level: strings.ToLower(r.Level.String()), Message: r.Message, Task: r.Task, Attempt: r.Attempt, Fields: object(r.Fields),
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line(line)
}

// Notice keeps stdout to what is documented.
func (v *jsonView) Notice(text string) { v.tell(text) }

func (v *jsonView) Error(p Problem) {
	v.tell(p.String())
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line(problemLine{Type: "error", Problem: p})
}

func (v *jsonView) End(s Summary) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line(summaryLine{Type: "summary", Time: stamp(time.Now()), Summary: s})
	v.out = io.Discard // an abandoned task may still log
}

// line writes x, which always encodes, as one line.
func (v *jsonView) line(x any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		panic("view: a line does not encode: " + err.Error())
	}
	v.write(b.String())
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }
