package chaos

import (
	"testing"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/integration_test/internal/observe"
)

// row is one kind of misbehaviour: what a plugin does, and what must become of its
// task.
type row struct {
	name string
	how  func() // in the plugin's process, instead of its main
	want want

	stop  bool // it is asked to stop once it is ready
	hangs bool // only the start timeout ends it: a short one
	root  bool // only root can act it
	left  bool // it leaves a process in a session of its own, out of reach until the run ends
	heavy bool // not for short runs, nor under the race detector

	beside func(*testing.T, *company, *observe.Events) // in the host's process, meanwhile
}

// want is how a task must end.
type want struct {
	state   host.State
	outcome host.Outcome
	code    int    // of its process; -1 where it has none
	signal  string // that killed its process
	text    string // in its error
	stderr  string // in the last lines of its stderr
	log     string // in a record of the host's log
	result  string // as JSON; "" is not checked
	size    int    // of the result in bytes; 0 is not checked
}

func succeeds() want { return want{state: host.StateSucceeded} }
func stops() want    { return want{state: host.StateStopped} }

func fails(outcome host.Outcome, text string) want {
	return want{state: host.StateFailed, outcome: outcome, code: -1, text: text}
}

func launchFails(text string) want { return fails(host.OutcomeLaunchFailed, text) }
func lost(text string) want        { return fails(host.OutcomeLost, text) }

func exits(code int) want { return fails(host.OutcomeExited, "exited with status").exit(code) }
func killed() want {
	return fails(host.OutcomeSignalled, "killed by a signal").killed()
}

// overGrace is the end of one that does not stop.
func overGrace() want {
	return fails(host.OutcomeStopTimeout, "and was killed").killed()
}

func (w want) exit(code int) want         { w.code = code; return w }
func (w want) killed() want               { w.signal = "killed"; return w }
func (w want) logs(text string) want      { w.log = text; return w }
func (w want) stderrHas(text string) want { w.stderr = text; return w }
func (w want) returns(json string) want   { w.result = json; return w }
func (w want) returnsBytes(n int) want    { w.size = n; return w }

// table is every kind of misbehaviour, by where it happens.
var table []row

func init() { // not an initializer: what a plugin does looks its row up in the table
	for _, rows := range [][]row{handshakeRows, doorRows, phaseRows, stopRows, familyRows, descriptorRows, outputRows, protocolRows, frameRows} {
		table = append(table, rows...)
	}
}
