// Package view shows a run to its user: as JSON lines for programs, as plain
// lines for files and pipes, or as live lines on a terminal.
//
// The command makes one [View] with [New], feeds it the run's events and, through
// [LogHandler], the logs, and ends it with a [Summary].
package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// View shows one run. Begin comes first and End last, each at most once; between
// them the other methods may be called from any goroutine. Error and Notice may
// be called before Begin too.
type View interface {
	// Begin says what will run.
	Begin(Run)
	// Event shows what happened to a task.
	Event(host.Event)
	// Log shows a log record.
	Log(Record)
	// Notice tells the user one line of the command's own.
	Notice(text string)
	// Error tells why the run is refused.
	Error(Problem)
	// End shows the outcome. Nothing is shown after it.
	End(Summary)
}

// Run is what is known of a run before it starts.
type Run struct {
	ID    string
	Tasks []Task // in the order of the job
}

// Task is a task that will run.
type Task struct{ ID, Kind, Mode string }

// Problem is a reason to refuse a run. File, Line and Column are zero where it is
// not about a place in a file.
type Problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

func (p Problem) String() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	case p.File != "":
		return p.File + ": " + p.Message
	default:
		return p.Message
	}
}

// Formats are what --output may say.
func Formats() []string { return []string{"auto", "plain", "json"} }

// New makes a view of a format: auto is live lines if out is a terminal, and
// plain lines if not. Errors and notices go to errOut. broken is called once, from
// any goroutine, when out cannot be written to any more; the view then stays
// silent. It must not block.
func New(format string, out, errOut io.Writer, broken func(error)) (View, error) {
	if !slices.Contains(Formats(), format) {
		return nil, fmt.Errorf("output %q is not one of %s", format, strings.Join(Formats(), ", "))
	}
	sink := &sink{out: out, errOut: errOut, broken: broken}
	switch {
	case format == "json":
		return &jsonView{sink: sink}, nil
	case format == "auto" && terminal.Is(out):
		return newLive(sink, terminal.HasColours(out), func() (int, int) { return terminal.Size(out) }), nil
	default:
		return &plain{sink: sink, style: style{terminal.HasColours(out)}}, nil
	}
}

// sink is where a view writes to, until that fails.
type sink struct {
	out, errOut io.Writer
	broken      func(error)
	once        sync.Once
}

// write writes whole lines to out.
func (s *sink) write(text string) {
	if _, err := io.WriteString(s.out, text); err != nil {
		s.once.Do(func() {
			s.out = io.Discard
			s.broken(err)
		})
	}
}

// tell writes lines for people to errOut. If that fails there is nobody to tell.
func (s *sink) tell(text string) { _, _ = io.WriteString(s.errOut, terminal.CleanLines(text)+"\n") }

// style colours text on terminals.
type style struct{ on bool }

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
)

func (s style) paint(colour, text string) string {
	if !s.on || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// stateColour is the colour of a state, or "".
func stateColour(s host.State) string {
	switch s {
	case host.StateSucceeded:
		return green
	case host.StateFailed, host.StateAbandoned:
		return red
	case host.StateStopping, host.StateBackingOff:
		return yellow
	case host.StatePending, host.StateWaiting, host.StateStopped:
		return grey
	}
	return ""
}
