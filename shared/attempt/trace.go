package attempt

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// Trace is the stack of a goroutine, as text: the one place where Go tells on
// whose behalf code runs.
type Trace string

// Here is the calling goroutine's Trace. It takes some 10 µs.
func Here() Trace {
	text := string(debug.Stack())
	if !strings.Contains(text, runFrame) && !strings.Contains(text, askFrame) {
		return ""
	}
	return Trace(text)
}

const (
	runFrame = "attempt.(*Attempt).RunFor("
	askFrame = "attempt.(*Attempt).ask("
)

// Runs reports whether the goroutine was running a's task, or its Stop, when it
// called Here: whether a host that waits for a would wait for itself.
func (t Trace) Runs(a *Attempt) bool {
	return t != "" && (strings.Contains(string(t), fmt.Sprintf("%s%p,", runFrame, a)) ||
		strings.Contains(string(t), fmt.Sprintf("%s%p,", askFrame, a)))
}
