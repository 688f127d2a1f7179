package view

import (
	"encoding/json"
	"errors"

	"github.com/hostelry-run/hostelry/host"
)

// Status is how a run ended.
type Status string

// The ways in which a run ends.
const (
	StatusSucceeded Status = "succeeded" // every task succeeded or ended as asked
	StatusFailed    Status = "failed"    // a task failed, or the output could not be written
	StatusStopped   Status = "stopped"   // a signal stopped it
	StatusRefused   Status = "refused"   // it was not started
)

// Summary is the outcome of a run.
type Summary struct {
	Run      string         `json:"run"`
	Status   Status         `json:"status"`
	ExitCode int            `json:"exit_code"`       // of the command
	Cause    string         `json:"cause,omitempty"` // why the run was ended, if it reached its deadline
	Tasks    []Outcome      `json:"tasks"`           // in the order of the job; never nil
	Counts   map[string]int `json:"counts"`          // of tasks, by state; the four final states are always there
}

// Outcome is how one task ended.
type Outcome struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Mode     string          `json:"mode"`
	State    host.State      `json:"state"`
	Attempts int             `json:"attempts"`
	Cause    string          `json:"cause,omitempty"` // why it never started
	Result   json.RawMessage `json:"result"`          // null if there is none
	Error    *Failure        `json:"error"`           // null if it did not fail
}

// Failure is how a task failed.
type Failure struct {
	Message  string       `json:"message"`
	Outcome  host.Outcome `json:"outcome"`
	ExitCode *int         `json:"exit_code"` // null if it has none, or it is not known
	Signal   string       `json:"signal"`    // or ""
	Stack    string       `json:"stack,omitempty"`
	Stderr   []string     `json:"stderr,omitempty"` // the last lines
}

// Summarize collects the outcome of a run whose tasks have ended.
func Summarize(run string, status Status, exitCode int, handles []*host.Handle) Summary {
	s := Summary{Run: run, Status: status, ExitCode: exitCode, Tasks: []Outcome{}, Counts: map[string]int{}}
	for _, state := range []host.State{host.StateSucceeded, host.StateFailed, host.StateStopped, host.StateAbandoned} {
		s.Counts[state.String()] = 0
	}
	for _, h := range handles {
		s.Tasks = append(s.Tasks, Outcome{
			ID: h.ID(), Kind: h.Kind(), Mode: h.Mode().String(), State: h.State(),
			Attempts: h.Attempts(), Cause: neverStarted(h), Result: h.Result(), Error: failureOf(h.Err()),
		})
		s.Counts[h.State().String()]++
	}
	return s
}

// failureOf is err, a *host.TaskError, as a Failure; nil if err is nil.
func failureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	var e *host.TaskError
	if !errors.As(err, &e) {
		return &Failure{Message: err.Error(), Outcome: host.OutcomeError}
	}
	f := &Failure{Outcome: e.Outcome, Signal: e.Signal, Stack: e.Stack, Stderr: e.Stderr}
	if e.Err != nil {
		f.Message = e.Err.Error()
	}
	if e.ExitCode >= 0 {
		f.ExitCode = &e.ExitCode
	}
	return f
}
