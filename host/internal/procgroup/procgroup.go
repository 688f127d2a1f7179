// Package procgroup starts a command as the leader of a process group of its own
// and owns its end: when the leader dies, for whatever reason, the rest of its
// group is killed before anyone hears of it, and neither a signal nor a kill
// ever reaches a process that only inherited a dead one's number.
//
// What it promises differs by platform. On Linux all of the above holds. On
// other unix systems the leader is reaped before its group is killed; see
// observe there. On Windows the group is a job object, which a process of the
// group cannot leave, and a request to end is not known: only Kill works. On
// unix a process that leaves the group (setsid, setpgid) is out of reach.
package procgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// Group is a started command and the processes that it starts. Make it with
// [Start]; its methods are safe from any goroutine, at any time.
type Group struct {
	cmd  *exec.Cmd
	pid  int
	done chan struct{} // closed after exit is set
	exit Exit

	mu     sync.Mutex
	tree   tree // the processes
	killed bool // by Kill
	ended  bool // tree's number may belong to others: do not signal it
}

// Start starts cmd as the leader of a new process group, and owns it from then
// on: do not call cmd's Start, Wait or Process methods. One goroutine waits for
// the leader and ends with it, so whoever starts a group waits for [Group.Done].
//
// cmd's Stdin, Stdout and Stderr must be nil or an *os.File, because the copying
// that os/exec does for others would wait for every process that holds the pipe.
// Make a pipe with os.Pipe, not with cmd.StdoutPipe, whose end is closed with
// whatever is unread when the leader ends; the caller closes its copies of the
// files once Start has returned. What cmd.SysProcAttr holds is kept. On Linux its
// Pdeathsig reaches the leader when this program dies, and not before.
//
// Where the command cannot be started the error is that of os/exec: errors.Is
// finds exec.ErrNotFound, fs.ErrNotExist and fs.ErrPermission.
func Start(cmd *exec.Cmd) (*Group, error) {
	if err := check(cmd); err != nil {
		return nil, err
	}
	if needsThread(cmd) {
		g, started := newGroup(cmd), make(chan error)
		go g.run(started) // ends with the leader; the caller waits for done
		return g, <-started
	}
	g, err := begin(cmd)
	if err == nil {
		go g.Wait() // ends with the leader; the caller waits for done
	}
	return g, err
}

// Begin is [Start] for a caller with a goroutine of its own for the group: it must
// call [Group.Wait], once, and until it does the leader's end goes unnoticed. It
// refuses a Pdeathsig, which would need a thread of its own.
func Begin(cmd *exec.Cmd) (*Group, error) {
	if err := check(cmd); err != nil {
		return nil, err
	}
	if needsThread(cmd) {
		return nil, errors.New("procgroup: SysProcAttr.Pdeathsig is set: use Start")
	}
	return begin(cmd)
}

// check refuses what cannot be a group's leader, and prepares cmd to be one.
func check(cmd *exec.Cmd) error {
	for _, stream := range []struct {
		name  string
		value any
	}{{"Stdin", cmd.Stdin}, {"Stdout", cmd.Stdout}, {"Stderr", cmd.Stderr}} {
		if _, ok := stream.value.(*os.File); stream.value != nil && !ok {
			return fmt.Errorf("procgroup: %s is a %T: use an *os.File, such as an end of os.Pipe, or nil", stream.name, stream.value)
		}
	}
	return prepare(cmd)
}

func newGroup(cmd *exec.Cmd) *Group { return &Group{cmd: cmd, done: make(chan struct{})} }

func begin(cmd *exec.Cmd) (*Group, error) {
	g := newGroup(cmd)
	if err := g.start(); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Group) start() error {
	err := g.cmd.Start()
	if err == nil {
		g.pid, g.tree = g.cmd.Process.Pid, newTree(g.cmd)
	}
	return err
}

// run starts the command, says so, and waits for its end, all on one thread: the
// system sends a Pdeathsig when the thread ends that started the command.
func (g *Group) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := g.start()
	started <- err
	if err == nil {
		g.Wait()
	}
}

// Wait sees the leader through to its end, and kills the group before the leader's
// number, which is the group's too, is given back to the system. It returns once Done
// is closed. Who called [Begin] calls it; of a group of [Start] it is called already.
func (g *Group) Wait() {
	err := observe(g.cmd)
	isOurs := err == nil
	g.mu.Lock()
	if isOurs {
		g.tree.kill()
	}
	g.ended = true
	if g.cmd.ProcessState == nil {
		err = errors.Join(err, g.cmd.Wait()) // at once: observe has seen the end
	}
	g.tree.close()
	killed := g.killed
	g.mu.Unlock()
	if isOurs {
		bury(g.pid)
	}
	g.exit = exitOf(g.cmd.ProcessState, err)
	// Who was exiting when the kill came keeps its status, where there are signals.
	g.exit.Killed = killed && (g.exit.Signal == syscall.SIGKILL || runtime.GOOS == "windows")
	close(g.done)
}

// Pid is the leader's process id, and on unix the group's. It is the system's to
// give to others once Done is closed.
func (g *Group) Pid() int { return g.pid }

// Has reports whether process pid is one of the group. On Windows it knows the
// leader alone.
func (g *Group) Has(pid int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.ended && g.tree.has(pid)
}

// Frozen reports whether a signal has stopped the leader, which has not gone on since. It
// knows on Linux.
func (g *Group) Frozen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.ended && isFrozen(g.pid)
}

// Done is closed once the group was killed and its leader reaped. The other
// processes of the group are dying by then: the system may take a moment more to
// bury them. Where that is this program's duty, as that of the first process of a
// container, they are reaped too.
func (g *Group) Done() <-chan struct{} { return g.done }

// Exit says how the leader ended. It is valid once Done is closed; before, its
// Err says that the group is running.
func (g *Group) Exit() Exit {
	select {
	case <-g.done:
		return g.exit
	default:
		return Exit{Code: -1, Err: errRunning}
	}
}

// Signal sends sig to each process of the group. It returns os.ErrProcessDone
// after the end, and on Windows errors.ErrUnsupported for all but os.Kill.
func (g *Group) Signal(sig os.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return os.ErrProcessDone
	}
	return g.tree.signal(sig)
}

// Kill kills each process of the group, at once and whatever it does, and the
// leader also if it has joined another group. It does not wait for the end: see
// [Group.Done]. Calls after the first, and after the
// end, do nothing.
func (g *Group) Kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.ended {
		g.killed = g.killed || !hasEnded(g.pid)
		g.tree.kill()
		_ = g.cmd.Process.Kill()
	}
}

var (
	errRunning  = errors.New("procgroup: the group is running")
	errNoSignal = fmt.Errorf("procgroup: this signal cannot be sent: %w", errors.ErrUnsupported)
)
