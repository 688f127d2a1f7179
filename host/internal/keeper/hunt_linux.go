package keeper

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// longestHunt is how long killMarked looks again and again, where what it kills multiplies.
const longestHunt = 500 * time.Millisecond

// killMarked kills every process that was started with one of marks in its environment,
// and looks again until none can have escaped it: they may be starting others.
func killMarked(marks ...string) {
	if !seesAll() {
		return
	}
	h := hunt{marks: marks, known: make(map[int]bool)}
	for deadline := time.Now().Add(longestHunt); h.look(); {
		if time.Now().After(deadline) {
			return
		}
	}
}

// anyMarked reports whether a process carries mark, as far as can be seen.
func anyMarked(mark string) bool {
	h := hunt{marks: []string{mark}}
	return !seesAll() || slices.ContainsFunc(processes(), func(pid int) bool { return h.identify(pid) == marked })
}

// seesAll reports whether the numbers in /proc are not those of another namespace.
func seesAll() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
}

// hunt looks for marked processes.
type hunt struct {
	marks []string
	known map[int]bool // who need not be looked at again
	read  []byte       // for environment
}

// look kills whom it finds among those who are not known. It reports whether somebody may
// have escaped it: a child of who was killed, or had ended when its turn came, or who has
// no environment while it becomes another program.
func (h *hunt) look() (again bool) {
	for _, pid := range processes() {
		if h.known[pid] {
			continue
		}
		switch h.identify(pid) {
		case stranger:
			h.known[pid] = true
		case ended:
			h.known[pid], again = true, true
		case marked:
			killIf(pid, func() bool { return h.identify(pid) == marked })
			again = true
		case executing:
			time.Sleep(time.Millisecond)
			again = true
		}
	}
	return again
}

// processes are those of the system.
func processes() (pids []int) {
	names, _ := os.ReadDir("/proc")
	for _, name := range names {
		if pid, err := strconv.Atoi(name.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killIf kills a process that still is who is meant once nobody else can get its number.
func killIf(pid int, isMeant func() bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if isMeant() {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// identity is what a look at a process has found.
type identity int

const (
	stranger  identity = iota // it carries none of the marks
	marked                    // it does
	ended                     // it is gone, or going
	executing                 // it is just becoming another program, and has no environment yet
)

func (h *hunt) identify(pid int) identity {
	switch environ, err := h.environment(pid); {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESRCH):
		return ended
	case err != nil: // another user's, most likely
		return stranger
	case len(environ) == 0:
		return stat(pid).identity()
	case hasMark(environ, h.marks):
		return marked
	}
	return stranger
}

// environment reads what process pid was started with, by one call as long as that is not
// very large: of what two calls read, the second part may be missing, as the process has
// become another program in between. It is valid until the next call.
func (h *hunt) environment(pid int) ([]byte, error) {
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/environ", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if h.read == nil {
		h.read = make([]byte, 0, 32<<10)
	}
	for environ := h.read[:0]; ; {
		n, err := unix.Read(fd, environ[len(environ):cap(environ)])
		if err != nil {
			return nil, err
		}
		environ = environ[:len(environ)+n]
		if len(environ) < cap(environ) {
			return environ, nil
		}
		environ = slices.Grow(environ, cap(environ))
		h.read = environ
	}
}

// identity is that of a process that shows no environment.
func (f fields) identity() identity {
	const exiting, kernels = 0x4, 0x200000 // PF_EXITING, PF_KTHREAD
	flags, _ := strconv.Atoi(f.field(9))
	code, begin, end := f.field(26), f.field(50), f.field(51) // where that begins, and the environment
	switch state := f.field(3); {
	case state == "", state == "Z", state == "X", flags&exiting != 0:
		return ended
	case flags&kernels != 0, code != "0" && begin == end: // what an execution sets last is set
		return stranger
	}
	return executing
}

func hasMark(environ []byte, marks []string) bool {
	for entry := range strings.SplitSeq(string(environ), "\x00") {
		list, ok := strings.CutPrefix(entry, markKey+"=")
		isOurs := func(mark string) bool { return slices.Contains(marks, mark) }
		if ok && slices.ContainsFunc(strings.Split(list, markSeparator), isOurs) {
			return true
		}
	}
	return false
}
