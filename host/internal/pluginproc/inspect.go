package pluginproc

import (
	"os"

	"google.golang.org/grpc"
)

// The methods of a Process for who tests a plugin; a host does not need them.

// Conn is the connection to the plugin. It ends with the process.
func (p *Process) Conn() grpc.ClientConnInterface { return p.runner.conn }

// HangUp closes the connection and the lifeline, and leaves the process alone, as the
// host's death does.
func (p *Process) HangUp() {
	p.runner.hangUp()
	_ = p.runner.conn.Close()
}

// Signal sends sig to each process of the group: see procgroup.Group.Signal.
func (p *Process) Signal(sig os.Signal) error { return p.runner.group.Signal(sig) }

// Pid is the process id of the group's leader.
func (p *Process) Pid() int { return p.runner.group.Pid() }
