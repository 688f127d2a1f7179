package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// hostLeaf is the cgroup that this process moves into, below where it was. One of
// that name says that the one above it is for this program.
const hostLeaf = "hostelry-host"

// place is the cgroup in which others are made.
type place struct {
	dir  string
	home bool // this process is in it and must leave it first
}

// system is what this process sees of the system. Tests make their own.
type system struct {
	proc     string                  // what the system tells of this process: /proc/self
	booted   string                  // exists where systemd manages the system
	pid      string                  // this process's
	uid      int                     // and its user's
	marked   func(dir string) bool   // whether systemd marked the cgroup as delegated
	writable func(path string) error // why this process cannot write there
	startIn  func() error            // why it cannot start others in a cgroup
}

func here() system {
	return system{
		proc: "/proc/self", booted: "/run/systemd/system", pid: strconv.Itoa(os.Getpid()), uid: os.Geteuid(),
		marked: marked, writable: writable, startIn: canStartIn,
	}
}

func (s system) find(want Limits) (Limits, error) {
	p, err := s.place()
	if err != nil || want.none() {
		return Limits{}, err
	}
	got := Limits{place: p}
	offered := strings.Fields(read(p.dir, "cgroup.controllers"))
	var lacking []error
	for _, c := range []struct {
		controller string
		got, want  *uint64
	}{{"memory", &got.Memory, &want.Memory}, {"pids", &got.Processes, &want.Processes}} {
		switch {
		case slices.Contains(offered, c.controller):
			*c.got = *c.want
		case *c.want > 0:
			lacking = append(lacking, s.explainLack(p.dir, c.controller))
		}
	}
	if got.none() {
		got = Limits{}
	}
	return got, errors.Join(lacking...)
}

// explainLack says why a place has not the controller.
func (s system) explainLack(dir, controller string) error {
	for line := range strings.Lines(read(s.proc, "cgroup")) {
		_, line, _ = strings.Cut(line, ":")
		controllers, _, _ := strings.Cut(line, ":")
		if slices.Contains(strings.Split(controllers, ","), controller) {
			return fmt.Errorf("cgroup v1 has the controller %q on this system: boot it with cgroup v2 alone", controller)
		}
	}
	return fmt.Errorf("cgroup %s was not given the controller %q: delegate that too", dir, controller)
}

// place finds the place, and refuses one that cannot be used.
func (s system) place() (place, error) {
	own, top, err := s.own()
	if err != nil {
		return place{}, err
	}
	p := place{dir: own}
	switch {
	case filepath.Base(own) == hostLeaf && own != top:
		p.dir = filepath.Dir(own)
	case !s.marked(own) && (own != top || s.managed()):
		return p, s.explainOwner(own, top)
	}
	isRoot := !exists(p.dir, "cgroup.type") // only the system's topmost has none
	p.home = p.dir == own && !isRoot
	for _, file := range []string{"", "cgroup.procs", "cgroup.subtree_control"} {
		if err := s.writable(filepath.Join(p.dir, file)); err != nil {
			return p, fmt.Errorf("cgroup %s is not for this program to change: %w", p.dir, err)
		}
	}
	if err := s.startIn(); err != nil {
		return p, fmt.Errorf("no process can be started in a cgroup, most likely for a container's filter of system calls: %w", err)
	}
	if isRoot {
		return p, nil
	}
	return p, s.vacant(p)
}

// vacant refuses a place that has processes besides this one.
func (s system) vacant(p place) error {
	if kind := read(p.dir, "cgroup.type"); kind != "domain" {
		return fmt.Errorf("cgroup %s is of type %q, and must be a domain", p.dir, kind)
	}
	pids := strings.Fields(read(p.dir, "cgroup.procs"))
	if p.home {
		pids = slices.DeleteFunc(pids, func(pid string) bool { return pid == s.pid })
	}
	if len(pids) > 0 {
		return fmt.Errorf("cgroup %s has other processes (%s): start this program alone in it",
			p.dir, strings.Join(pids, ", "))
	}
	return nil
}

// managed reports whether there is a systemd, to which all belongs that it has not
// delegated.
func (s system) managed() bool { return exists(s.booted, "") }

// explainOwner says whose the cgroup is, and how to get one.
func (s system) explainOwner(own, top string) error {
	if !s.managed() {
		return fmt.Errorf("cgroup %s is not this program's own: start it alone in %s, or in a cgroup %s there", own, top, hostLeaf)
	}
	how, but := "systemd-run --scope -p Delegate=yes", ""
	if s.uid != 0 { // the user's own systemd leaves no mark
		how = "systemd-run --user --pty --same-dir -p Delegate=yes -p DelegateSubgroup=" + hostLeaf
		if strings.HasSuffix(own, ".scope") {
			but = "; systemd-run --user --scope does not do, as nothing shows that its scope was delegated"
		}
	}
	return fmt.Errorf("cgroup %s was not delegated to this program: start it by %s, or with these settings in its unit%s", own, how, but)
}

// own finds the directories of this process's cgroup, and of the topmost one that
// it sees.
func (s system) own() (own, top string, err error) {
	path := ""
	for line := range strings.Lines(read(s.proc, "cgroup")) {
		if p, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			path = p
		}
	}
	if path == "" {
		return "", "", errors.New("this system has no cgroup v2")
	}
	for line := range strings.Lines(read(s.proc, "mountinfo")) {
		m, ok := parseMount(line)
		if !ok || m.kind != "cgroup2" {
			continue
		}
		rel, err := filepath.Rel(m.root, path)
		if err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(path, "/..") { // of another's container
			return filepath.Join(m.dir, rel), filepath.Clean(m.dir), nil
		}
	}
	return "", "", fmt.Errorf("the cgroup of this process, %s, is not to be seen: mount cgroup2 on /sys/fs/cgroup", path)
}

// mount is a line of /proc/self/mountinfo.
type mount struct {
	root string // which part of the file system is mounted
	dir  string // where
	kind string // of file system
}

func parseMount(line string) (mount, bool) {
	about, file, ok := strings.Cut(line, " - ")
	fields, source := strings.Fields(about), strings.Fields(file)
	if !ok || len(fields) < 6 || len(source) < 1 {
		return mount{}, false
	}
	return mount{root: unescape(fields[3]), dir: unescape(fields[4]), kind: source[0]}, true
}

// unescape undoes how the system writes spaces and backslashes in paths: as \040.
func unescape(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+3 < len(path) {
			if c, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// prepare has the place give the controllers to the cgroups in it.
func (p place) prepare(controllers []string) error {
	given := strings.Fields(read(p.dir, "cgroup.subtree_control"))
	var missing []string
	for _, c := range controllers {
		if !slices.Contains(given, c) {
			missing = append(missing, "+"+c)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if p.home {
		if err := p.leave(); err != nil {
			return err
		}
	}
	// A process that has just ended, or left, may be counted for a moment more.
	return persist(func() error { return write(p.dir, "cgroup.subtree_control", strings.Join(missing, " ")) }, syscall.EBUSY)
}

// leave moves this process into a cgroup of its own below the place.
func (p place) leave() error {
	leaf := filepath.Join(p.dir, hostLeaf)
	if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return write(leaf, "cgroup.procs", strconv.Itoa(os.Getpid()))
}

func exists(dir, file string) bool {
	_, err := os.Stat(filepath.Join(dir, file))
	return err == nil
}
