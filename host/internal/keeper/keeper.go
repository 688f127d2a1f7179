// Package keeper sees to it that a host's death leaves nothing behind, whatever
// kills the host and whatever its plugins are: frozen, foreign, or with children
// of their own.
//
// A keeper is a small process, one for each runner that launches plugins: this
// program, started again. It holds one end of a pipe whose other end the host
// holds; the pipe's end without a farewell is the host's death. The keeper then
// gives the plugins time to clean up by themselves, and kills who is left: the
// process groups that it was told of, and on Linux every process that carries the
// host's mark in its environment, which covers a plugin that the host had no time
// to tell of, and children that left their group. Whoever is in a plugin's cgroup is
// killed too. Then it removes the directories of the plugins' sockets, and the
// cgroups.
//
// On Windows, where plugins run in job objects that end with the host, a keeper
// does nothing.
package keeper

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

const (
	// roleKey makes this program a keeper: see init.
	roleKey = "HOSTELRY_KEEPER"
	// markKey is in the environment of each plugin; its value names the host.
	markKey = "HOSTELRY_HOST"
	// cgroupKey is before the path of what is not a plain directory.
	cgroupKey = "cgroup "
	// farewell is a line that says that the host needs its keeper no longer.
	farewell = "bye"
)

// Keeper is the host's side. Its methods are safe from any goroutine; those of a
// nil Keeper do nothing, but for Dir.
type Keeper struct {
	mark   string
	ending sync.WaitGroup // the goroutine that starts and reaps the process
	begun  chan struct{}  // closed once the process runs, or cannot

	making sync.Mutex
	dir    string // Dir's, or ""; under making

	mu   sync.Mutex
	pipe *os.File // nil once closed, or where there is no keeper
}

// Start starts a keeper, beside whatever the caller does next. Where it cannot be
// started there is none: plugins that are written with the SDK still notice the
// host's death by themselves. The caller must call Close.
func Start() *Keeper {
	k := &Keeper{mark: rand.Text(), begun: make(chan struct{})}
	path, err := os.Executable()
	if err != nil || !supported {
		close(k.begun)
		return k
	}
	r, w, err := os.Pipe()
	if err != nil {
		close(k.begun)
		return k
	}
	enlarge(w)
	k.pipe = w
	// The second keeps a race build from sleeping for a second at its end.
	env := []string{roleKey + "=" + k.mark, "GORACE=atexit_sleep_ms=0"}
	cmd := &exec.Cmd{
		Path: path, Args: []string{"hostelry-keeper"}, Dir: "/", Stdin: r,
		Env: env, SysProcAttr: ownSession(),
	}
	k.ending.Go(func() { // ends with the keeper, which ends with the pipe
		err := cmd.Start()
		close(k.begun)
		_ = r.Close()
		if err == nil {
			_ = cmd.Wait()
		}
	})
	return k
}

// Env is the mark, for the environment of a plugin. It waits until the keeper runs,
// lest the host die between the two.
func (k *Keeper) Env() []string {
	if k == nil {
		return nil
	}
	<-k.begun
	return []string{markKey + "=" + k.mark}
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

func (k *Keeper) tell(line string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pipe == nil {
		return
	}
	_ = k.pipe.SetWriteDeadline(time.Now().Add(5 * time.Second)) // the keeper reads each second
	if _, err := fmt.Fprintln(k.pipe, line); err != nil {        // it is gone, or frozen
		_ = k.pipe.Close()
		k.pipe = nil
	}
}

// Close removes Dir, ends the keeper and waits for its end. The groups that it knows
// live on.
func (k *Keeper) Close() {
	if k == nil {
		return
	}
	k.making.Lock()
	k.removeDir()
	k.making.Unlock()
	k.tell(farewell)
	k.mu.Lock()
	if k.pipe != nil {
		_ = k.pipe.Close()
		k.pipe = nil
	}
	k.mu.Unlock()
	k.ending.Wait()
}
