// Package keeper sees to it that a host's death leaves nothing behind, whatever
// kills the host and whatever its plugins are: frozen, foreign, or with children
// of their own.
//
// A keeper is a small process, one for each runner that launches plugins or runs commands:
// this program, started again. It holds one end of a pipe whose other end the host
// holds; the pipe's end without a farewell is the host's death. On Linux so is the end
// of the host's process, should somebody else have got hold of the pipe. The keeper then
// gives the plugins time to clean up by themselves, and kills who is left: the
// process groups that it was told of, and on Linux every process that carries the
// host's mark in its environment, which covers a plugin that the host had no time
// to tell of, and children that left their group. Whoever is in a plugin's cgroup is
// killed too. Then it removes the directories of the plugins' sockets, and the
// cgroups. After a farewell it does nothing: the host has ended its plugins itself, and
// who carries the mark.
//
// On Windows, where plugins run in job objects that end with the host, a keeper
// does nothing.
package keeper

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// roleKey makes this program a keeper: see init.
	roleKey = "HOSTELRY_KEEPER"
	// hostKey is where a keeper finds its host's process id.
	hostKey = "HOSTELRY_KEEPER_HOST"
	// markKey is in the environment of each plugin; its value names the host, after the
	// hosts in whose plugins that runs.
	markKey       = "HOSTELRY_HOST"
	markSeparator = ","
	// cgroupKey is before the path of what is not a plain directory.
	cgroupKey = "cgroup "
	// farewell is a line that says that the host needs its keeper no longer.
	farewell = "bye"
)

// Keeper is the host's side. Its methods are safe from any goroutine; those of a
// nil Keeper do nothing, but for Dir.
type Keeper struct {
	mark    string
	logger  func() *slog.Logger
	ending  sync.WaitGroup // keep
	begun   chan struct{}  // closed once the process runs, or cannot
	closing chan struct{}  // closed by Close
	sweeper sweeper

	making sync.Mutex
	dir    string // Dir's, or ""; under making

	mu      sync.Mutex
	told    map[string]bool // what the process knows, for the next one
	process *os.Process     // nil while there is none,
	pipe    *os.File        // as this is
	closed  bool
}

// Start starts a keeper, beside whatever the caller does next. One that ends before its
// host has a successor, and logger hears of it. While there is none, plugins that are
// written with the SDK still notice the host's death by themselves. The caller must call
// Close.
func Start(logger *slog.Logger) *Keeper { return start(func() *slog.Logger { return logger }) }

func start(logger func() *slog.Logger) *Keeper {
	k := &Keeper{
		mark: rand.Text(), logger: logger, told: make(map[string]bool),
		begun: make(chan struct{}), closing: make(chan struct{}),
	}
	if supported {
		k.ending.Go(k.keep) // ends with Close
	} else {
		close(k.begun)
	}
	return k
}

// Env is the mark, for the environment of a plugin, with those of the hosts in whose
// plugins this one runs, if any. It waits until the keeper runs, lest the host die
// between the two.
func (k *Keeper) Env() []string {
	if k == nil {
		return nil
	}
	<-k.begun
	marks := k.mark
	if outer := os.Getenv(markKey); outer != "" {
		marks = outer + markSeparator + marks
	}
	return []string{markKey + "=" + marks}
}

// Employer is the task.Host of who runs tasks in the process that has a keeper.
type Employer interface {
	// Keeper is nil or closed when the run has ended.
	Keeper() *Keeper
}

// Add tells the keeper of a process group.
func (k *Keeper) Add(pgid int) { k.tell(fmt.Sprintf("+%d", pgid)) }

// Remove tells the keeper that a process group has ended.
func (k *Keeper) Remove(pgid int) { k.tell(fmt.Sprintf("-%d", pgid)) }

// AddDir tells the keeper of a directory that nobody needs when the host is dead:
// it is removed then, with what is in it. The path is absolute. Like Env, it waits
// until the keeper runs: call it before the directory is made.
func (k *Keeper) AddDir(path string) { k.announce(strconv.Quote(path)) }

// RemoveDir tells the keeper that the host has removed a directory itself.
func (k *Keeper) RemoveDir(path string) { k.tell("-" + strconv.Quote(path)) }

// AddCgroup tells the keeper of a cgroup by its directory: when the host is dead,
// who is left in it is killed and it is removed. Call it, too, before it is made.
func (k *Keeper) AddCgroup(path string) { k.announce(cgroupKey + strconv.Quote(path)) }

// RemoveCgroup tells the keeper that the host has removed a cgroup itself.
func (k *Keeper) RemoveCgroup(path string) { k.tell("-" + cgroupKey + strconv.Quote(path)) }

// announce tells of what is about to be made, once the keeper runs.
func (k *Keeper) announce(what string) {
	if k != nil {
		<-k.begun
	}
	k.tell("+" + what)
}

// tell tells what begins with + or -, and remembers what a successor must know.
func (k *Keeper) tell(line string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if line[0] == '+' {
		k.told[line[1:]] = true
	} else {
		delete(k.told, line[1:])
	}
	k.sendLocked(line)
}

// Close removes Dir, ends who carries the mark, then the keeper, and waits for its end.
// The groups that it knows live on.
func (k *Keeper) Close() {
	if k == nil {
		return
	}
	k.making.Lock()
	k.removeDir()
	k.making.Unlock()
	killMarked(k.mark) // as long as there is who would do it if this process died now
	if process := k.dismiss(); process != nil {
		frozen := time.AfterFunc(deaf, func() { _ = process.Kill() })
		defer frozen.Stop()
	}
	k.ending.Wait()
}

// dismiss has the process end, and returns it, or nil.
func (k *Keeper) dismiss() *os.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	close(k.closing)
	process := k.process
	k.sendLocked(farewell)
	k.partLocked()
	return process
}
