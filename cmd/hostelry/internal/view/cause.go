package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// condition is a task's state, and why it is in it.
type condition struct {
	state   host.State
	attempt int
	cause   string    // in the host's words, or ""
	next    time.Time // of StateBackingOff; zero where it is not known
	failure *Failure
}

func conditionOf(e host.Event) condition {
	return condition{e.State, e.Attempt, e.Cause, e.Next, failureOf(e.Err)}
}

// line is the condition in one line for people.
func (c condition) line(now time.Time) string {
	text, why := c.state.String(), c.why(now)
	switch {
	case c.neverStarts():
		return why
	case c.state == host.StateWaiting:
		return text + " " + why
	case c.attempt > 1:
		text += fmt.Sprintf(", attempt %d", c.attempt)
	}
	switch {
	case why == "":
		return text
	case c.state == host.StateBackingOff:
		return text + ", " + why
	default:
		return text + ": " + why
	}
}

// why is the cause alone: "for db to be ready", "next in 0.4s: it failed".
func (c condition) why(now time.Time) string {
	why := terminal.Clean(c.cause)
	switch {
	case c.failure != nil:
		why = c.failure.describe()
	case c.neverStarts():
		return "never starts: " + why
	case c.state == host.StateWaiting:
		return strings.TrimPrefix(why, "waits ")
	}
	if c.state == host.StateBackingOff && !c.next.IsZero() {
		return "next " + soon(c.next.Sub(now)) + ": " + why
	}
	return why
}

// neverStarts reports whether the task cannot begin any more: a task that only
// waits "waits" for something.
func (c condition) neverStarts() bool {
	return (c.state == host.StatePending || c.state == host.StateWaiting) && strings.HasPrefix(c.cause, "needs ")
}

// soon is a time from now in words.
func soon(d time.Duration) string {
	if d < 50*time.Millisecond {
		return "at once"
	}
	return "in " + short(d.Round(100*time.Millisecond))
}

// neverStarted says why a task never started, or is "" if it did.
func neverStarted(h *host.Handle) string {
	if h.Attempts() > 0 || h.State().Ended() {
		return ""
	}
	if cause := h.Cause(); cause != "" {
		return cause
	}
	return "the run was stopped before"
}
