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
	"time"
)

// patience is how long a change may take that the system makes in a moment, such as
// to bury who was killed.
const patience = 2 * time.Second

// Group is a cgroup. Its methods are not safe from several goroutines at once.
type Group struct {
	limits Limits
	dir    string
	file   *os.File // of dir, once it is made
}

// Dir is the cgroup's directory.
func (g *Group) Dir() string { return g.dir }

// Make makes the cgroup and sets its limits. Call End in any case.
func (g *Group) Make() error {
	err := os.Mkdir(g.dir, 0o700)
	if err == nil {
		err = g.set()
	}
	if err == nil {
		g.file, err = os.Open(g.dir)
	}
	if err != nil {
		return fmt.Errorf("a cgroup for limits: %w", err)
	}
	return nil
}

func (g *Group) set() error {
	if _, err := os.Stat(filepath.Join(g.dir, "cgroup.kill")); err != nil {
		return fmt.Errorf("%w: Linux 5.14 or newer is needed", err)
	}
	var errs []error
	set := func(file string, value uint64) {
		errs = append(errs, write(g.dir, file, strconv.FormatUint(value, 10)))
	}
	if g.limits.Memory > 0 {
		set("memory.max", g.limits.Memory)
		set("memory.oom.group", 1)
		if _, err := os.Stat(filepath.Join(g.dir, "memory.swap.max")); err == nil { // the system has swap
			set("memory.swap.max", 0)
		}
	}
	if g.limits.Processes > 0 {
		set("pids.max", g.limits.Processes)
	}
	return errors.Join(errs...)
}

// Attr makes a command start in the cgroup, which was made. It is nil for a nil Group.
func (g *Group) Attr() *syscall.SysProcAttr {
	if g == nil {
		return nil
	}
	return startIn(g.file)
}

// End kills what is left in the cgroup and removes it. It returns which limit was
// reached meanwhile, with its value, or "". An error means that the cgroup is
// still there: the system could not end a process in it within two seconds.
func (g *Group) End() (reached string, err error) {
	reached = g.reached()
	if g.file != nil {
		_ = g.file.Close()
	}
	return reached, Remove(g.dir)
}

// reached reads the system's own record. A cgroup below, which a plugin may have
// made, has limits and a record of its own.
func (g *Group) reached() string {
	switch {
	case g.limits.Memory > 0 && count(g.dir, "memory.events.local", "oom") > 0:
		return fmt.Sprintf("memory (%d MiB)", g.limits.Memory>>20)
	case g.limits.Processes > 0 && count(g.dir, "pids.events", "max") > 0:
		return fmt.Sprintf("processes (%d)", g.limits.Processes)
	}
	return ""
}

// count reads a number from a file of lines such as "oom 3", or returns 0.
func count(dir, file, key string) int {
	for line := range strings.Lines(read(dir, file)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == key {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

// Kill kills every process in the cgroup of that directory and below.
func Kill(dir string) { _ = write(dir, "cgroup.kill", "1") }

// Remove kills every process in the cgroup of that directory, waits until they are
// gone, and removes it with those below it. It is no error if there is none.
func Remove(dir string) error {
	return persist(func() error {
		Kill(dir)
		return remove(dir)
	}, syscall.EBUSY, syscall.ENOTEMPTY)
}

func remove(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() {
			_ = remove(filepath.Join(dir, e.Name())) // or the next line says why not
		}
	}
	return os.Remove(dir)
}

// persist tries again for a while what the system refuses for a moment only.
func persist(try func() error, momentary ...error) error {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := try()
		if !slices.ContainsFunc(momentary, func(m error) bool { return errors.Is(err, m) }) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(pause)
	}
}

// write sets one of a cgroup's files, which exists.
func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

func read(dir, file string) string {
	text, _ := os.ReadFile(filepath.Join(dir, file)) // what cannot be read is not there
	return strings.TrimSpace(string(text))
}
