package keeper

import (
	"bufio"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host/internal/cgroup"
)

const (
	// patience is how long plugins may clean up after their host's death: those of
	// the SDK take 0.7 s at most. Two seconds after the death all must be over, also
	// where the system is slow.
	patience = time.Second
	// glance is how often the keeper looks meanwhile whether there is one left.
	glance = 50 * time.Millisecond
)

// init turns this process into a keeper if a host started it as one. It is an
// init so that every program that embeds a host can be its own keeper, without a
// call in its main; it comes before main, and exits.
func init() { //nolint:gochecknoinits // it comes before main: see above
	if mark, ok := os.LookupEnv(roleKey); ok {
		signal.Ignore() // who ends the host's session, or service, by a signal to all in it: it ends after its host
		nameSelf()
		c := &calm{pipe: os.Stdin, host: -1}
		if pid, err := strconv.Atoi(os.Getenv(hostKey)); err == nil {
			c.follow(pid)
		}
		watch(c, mark)
		os.Exit(0)
	}
}

// pipeSize is how many bytes the host may tell within a second before it must wait:
// thousands of launches.
const pipeSize = 1 << 20

// calm reads the pipe once a second, and at once when it ends: a keeper that woke up
// for all that it is told would slow the launches that it is told of. The host's death is
// the end of the pipe, too, whoever else holds the other end of it, as a child may that
// code in C has forked.
type calm struct {
	pipe *os.File
	host int  // a pidfd of the host, or -1
	dead bool // the host is
}

// Read implements io.Reader.
func (c *calm) Read(p []byte) (int, error) {
	if c.awaitNews(time.Second); c.dead {
		return readRest(c.pipe, p)
	}
	return c.pipe.Read(p)
}

// watch reads what the host tells until the pipe ends, and then does its duty.
func watch(host io.Reader, mark string) {
	left := estate{groups: make(map[int]string), dirs: make(map[string]bool), cgroups: make(map[string]bool)}
	lines := bufio.NewScanner(bufio.NewReaderSize(host, pipeSize))
	for lines.Scan() {
		line := lines.Text()
		if line == farewell {
			return
		}
		if line != "" {
			left.note(line[0] == '+', line[1:])
		}
	}
	over := time.Now().Add(patience)
	for anyMarked(mark) && time.Now().Before(over) {
		time.Sleep(glance)
	}
	left.end(mark)
	time.Sleep(time.Until(over))
	left.end(mark) // with what the host was just starting when it died
}

// end ends and removes what there is, and who carries the mark.
func (e *estate) end(mark string) {
	e.kill()
	killMarked(mark)
	e.remove()
}

// estate is what a host would leave behind.
type estate struct {
	groups  map[int]string  // process groups, and when each one's leader was born
	dirs    map[string]bool // absolute paths
	cgroups map[string]bool // their directories' absolute paths
}

// note takes in one thing that the host tells: a group's number or a quoted path,
// which is new, or gone.
func (e *estate) note(added bool, what string) {
	path, isCgroup := strings.CutPrefix(what, cgroupKey)
	if dir, err := strconv.Unquote(path); err == nil && filepath.IsAbs(dir) {
		known := e.dirs
		if isCgroup {
			known = e.cgroups
		}
		if known[dir] = true; !added {
			delete(known, dir)
		}
		return
	}
	pgid, err := strconv.Atoi(what)
	switch {
	case err != nil || pgid <= 1:
	case added:
		e.groups[pgid] = birth(pgid)
	default:
		delete(e.groups, pgid)
	}
}

// kill kills the groups, of both sorts.
func (e *estate) kill() {
	for dir := range e.cgroups {
		cgroup.Kill(dir)
	}
	for pgid, born := range e.groups {
		// A number that another process got meanwhile is not ours to kill.
		if now := birth(pgid); now == "" || now == born {
			killGroup(pgid)
		}
	}
}

// remove removes the directories, in which nobody makes sockets any more, and the
// cgroups, which may take a moment.
func (e *estate) remove() {
	for dir := range e.dirs {
		_ = os.RemoveAll(dir)
	}
	for dir := range e.cgroups {
		_ = cgroup.Remove(dir)
	}
}
