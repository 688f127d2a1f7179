// Package cgroup bounds what all the processes of a plugin use together: each gets
// a cgroup (v2) of its own, is started in it, and cannot leave anything running
// when it ends.
//
// Who makes cgroups must have been given a place for them. This package looks for
// one, and takes nothing that others manage:
//
//   - the cgroup above this process's own, if that is named hostelry-host, which says
//     so. systemd starts a program in such a one with the settings Delegate=yes and
//     DelegateSubgroup=hostelry-host (254), and a container's entry point may;
//   - this process's own, if systemd delegated it to this program (Delegate=yes), which
//     the system's systemd marks since version 251, and a user's never does;
//   - this process's own where there is no systemd, if it is the topmost that it sees: a
//     container's, or the system's.
//
// A cgroup that gives limits to others below it must not have processes itself, but
// for the system's topmost one. So nobody else may be in the place, and this process
// moves from it into a cgroup hostelry-host below, as systemd asks of who accepts a
// delegation.
//
// A plugin that runs as the same user can leave its cgroup on purpose: it bounds
// mistakes, not malice.
package cgroup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
)

// Limits are bounds for all processes of a cgroup together; 0 sets none. With none
// at all there is no cgroup.
type Limits struct {
	Memory    uint64 // bytes that they may use
	Processes uint64 // processes and threads that there may be

	place place // where the cgroup is made
}

// Find returns which of the limits a cgroup can enforce, and why not the others. It
// changes nothing: see [Limits.Prepare].
func Find(want Limits) (Limits, error) { return here().find(want) }

func (l Limits) none() bool { return l.Memory == 0 && l.Processes == 0 }

// Prepare makes ready the place that Find found, and makes a cgroup there to see
// that it can be done. It may be called again.
func (l Limits) Prepare() error {
	if l.none() {
		return nil
	}
	if err := l.place.prepare(l.controllers()); err != nil {
		return fmt.Errorf("cgroup %s cannot be used: %w", l.place.dir, err)
	}
	probe := l.New()
	err := probe.Make()
	_, endErr := probe.End()
	return errors.Join(err, endErr)
}

func (l Limits) controllers() []string {
	var names []string
	if l.Memory > 0 {
		names = append(names, "memory")
	}
	if l.Processes > 0 {
		names = append(names, "pids")
	}
	return names
}

// New names a cgroup, which does not exist yet. It is nil if there are no limits.
func (l Limits) New() *Group {
	if l.none() {
		return nil
	}
	return &Group{limits: l, dir: filepath.Join(l.place.dir, "hostelry-"+rand.Text()[:10])}
}
