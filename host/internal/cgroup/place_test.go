package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machine is a system made of files.
type machine struct {
	paths     string   // /proc/self/cgroup
	root      string   // which part of the tree is mounted; "" for all of it
	mount     string   // below which directory; "" for cgroup
	kind      string   // of file system; "" for cgroup2
	groups    []string // "PATH controllers... | pids... [| type]", in the mounted tree
	systemd   bool
	delegated string // the path that systemd marked
	readOnly  string // the path of what cannot be written
	filtered  bool   // the system call is forbidden
	uid       int
}

// build makes the files, and returns the system and the mounted directory.
func (m machine) build(t *testing.T) (s system, top string) {
	t.Helper()
	dir := t.TempDir()
	top = filepath.Join(dir, "cgroup"+m.mount)
	s = system{
		proc: filepath.Join(dir, "proc"), booted: filepath.Join(dir, "systemd"), pid: "77", uid: m.uid,
		marked: func(d string) bool { return m.delegated != "" && d == filepath.Join(top, m.delegated) },
		writable: func(p string) error {
			if m.readOnly != "" && p == filepath.Join(top, m.readOnly) {
				return errors.New("read-only")
			}
			return nil
		},
	}
	s.startIn = func() error {
		if m.filtered {
			return errors.New("clone3: not implemented")
		}
		return nil
	}
	if m.systemd {
		put(t, s.booted, "x", "")
	}
	if m.kind == "" {
		m.kind = "cgroup2"
	}
	if m.root == "" {
		m.root = "/"
	}
	escape := strings.NewReplacer(`\`, `\134`, " ", `\040`)
	put(t, s.proc, "cgroup", m.paths)
	put(t, s.proc, "mountinfo", fmt.Sprintf("23 1 0:5 / /proc rw - proc proc rw\n41 31 0:38 %s %s rw,relatime shared:9 - %s cgroup2 rw\n",
		escape.Replace(m.root), escape.Replace(top), m.kind))
	for _, g := range m.groups {
		parts := strings.Split(g, "|")
		fields := strings.Fields(parts[0])
		d := filepath.Join(top, fields[0])
		put(t, d, "cgroup.controllers", strings.Join(fields[1:], " ")+"\n")
		put(t, d, "cgroup.procs", strings.Join(strings.Fields(parts[1]), "\n"))
		if len(parts) > 2 {
			put(t, d, "cgroup.type", strings.TrimSpace(parts[2])+"\n")
		}
	}
	return s, top
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const scope = "/user.slice/run-1.scope"

func TestPlace(t *testing.T) {
	for name, c := range map[string]struct {
		machine
		dir  string // of the place, below the mount
		home bool
		err  string
	}{
		"only v1": {machine: machine{paths: "4:memory:/x\n1:name=systemd:/\n"}, err: "this system has no cgroup v2"},
		"not mounted": {
			machine: machine{paths: "0::/a\n", kind: "cgroup"},
			err:     "the cgroup of this process, /a, is not to be seen",
		},
		"of another's container": {machine: machine{paths: "0::/../a\n"}, err: "not to be seen"},
		"the system's topmost, whoever else is in it": {
			machine: machine{paths: "8:pids:/\n0::/\n", groups: []string{"/ memory pids | 1 2 77"}},
			dir:     "/",
		},
		"the system's topmost is systemd's": {
			machine: machine{paths: "0::/\n", groups: []string{"/ memory pids | 77"}, systemd: true},
			err:     "was not delegated to this program: start it by systemd-run",
		},
		"a session of systemd's": {
			machine: machine{paths: "0::" + scope + "\n", groups: []string{scope + " pids | 77 | domain"}, systemd: true},
			err:     "run-1.scope was not delegated to this program: start it by systemd-run --scope -p Delegate=yes, or with these settings in its unit",
		},
		"a scope of the user's own systemd": {
			machine: machine{paths: "0::" + scope + "\n", groups: []string{scope + " pids | 77 | domain"}, systemd: true, uid: 1000},
			err:     "-p DelegateSubgroup=hostelry-host, or with these settings in its unit; systemd-run --user --scope does not do",
		},
		"a service of the user's own systemd": {
			machine: machine{paths: "0::/user.slice/a.service\n", groups: []string{"/user.slice/a.service pids | 77 | domain"}, systemd: true, uid: 1000},
			err:     "-p Delegate=yes -p DelegateSubgroup=hostelry-host, or with these settings in its unit",
		},
		"delegated, alone": {
			machine: machine{paths: "0::" + scope + "\n", groups: []string{scope + " pids | 77 | domain"}, systemd: true, delegated: scope},
			dir:     scope, home: true,
		},
		"delegated, not alone": {
			machine: machine{paths: "0::" + scope + "\n", groups: []string{scope + " pids | 76 77 78 | domain"}, systemd: true, delegated: scope},
			err:     "run-1.scope has other processes (76, 78): start this program alone in it",
		},
		"delegated, threaded": {
			machine: machine{paths: "0::" + scope + "\n", groups: []string{scope + " pids | 77 | domain threaded"}, systemd: true, delegated: scope},
			err:     `is of type "domain threaded"`,
		},
		"delegated, not to this user": {
			machine: machine{paths: "0::" + scope + "\n", groups: []string{scope + " pids | 77 | domain"}, systemd: true, delegated: scope, readOnly: scope + "/cgroup.procs"},
			err:     "is not for this program to change: read-only",
		},
		"moved already": {
			machine: machine{
				paths: "0::" + scope + "/hostelry-host\n", systemd: true,
				groups: []string{scope + " pids | | domain", scope + "/hostelry-host | 70 77 | domain"},
			},
			dir: scope,
		},
		"moved, and another came": {
			machine: machine{
				paths: "0::" + scope + "/hostelry-host\n", systemd: true, delegated: scope,
				groups: []string{scope + " pids | 77 | domain", scope + "/hostelry-host | 77 | domain"},
			},
			err: "has other processes (77)",
		},
		"below a delegated one that is another's": {
			machine: machine{
				paths: "0::" + scope + "/payload\n", systemd: true, delegated: scope,
				groups: []string{scope + " pids | | domain", scope + "/payload | 77 | domain"},
			},
			err: "payload was not delegated",
		},
		"a container's topmost, alone": {
			machine: machine{paths: "0::/\n", groups: []string{"/ memory pids | 77 | domain"}},
			dir:     "/", home: true,
		},
		"a container's topmost, with a shell": {
			machine: machine{paths: "0::/\n", groups: []string{"/ memory pids | 1 77 | domain"}},
			err:     "has other processes (1)",
		},
		"a container's, read-only": {
			machine: machine{paths: "0::/\n", groups: []string{"/ memory pids | 77 | domain"}, readOnly: "/"},
			err:     "read-only",
		},
		"a container's, with a filter": {
			machine: machine{paths: "0::/\n", groups: []string{"/ memory pids | 77 | domain"}, filtered: true},
			err:     "filter of system calls: clone3: not implemented",
		},
		"a container's, made ready": {
			machine: machine{paths: "0::/hostelry-host\n", groups: []string{"/ memory pids | | domain", "/hostelry-host | 77 | domain"}},
			dir:     "/",
		},
		"below the topmost": {
			machine: machine{paths: "0::/docker/5\n", groups: []string{"/ pids | 1", "/docker/5 pids | 77 | domain"}},
			err:     "is not this program's own: start it alone in",
		},
		"a part is mounted": {
			machine: machine{paths: "0::/docker/5 6\n", root: "/docker/5 6", groups: []string{"/ pids | 77 | domain"}},
			dir:     "/", home: true,
		},
		"mounted at a name with spaces": {
			machine: machine{paths: "0::/\n", mount: " v 2", groups: []string{"/ pids | 77 | domain"}},
			dir:     "/", home: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, top := c.build(t)
			got, err := s.place()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%+v, %v; want %q", got, err, c.err)
				}
				return
			}
			if want := (place{filepath.Join(top, c.dir), c.home}); err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		})
	}
}

func TestFindTakesWhatThereIs(t *testing.T) {
	both := Limits{Memory: 5 << 20, Processes: 6}
	for name, c := range map[string]struct {
		paths, offered string
		want           Limits
		err            []string // in it
	}{
		"both":    {"0::/\n", "cpu memory pids", both, nil},
		"memory":  {"0::/\n", "memory", Limits{Memory: 5 << 20}, []string{`was not given the controller "pids": delegate that too`}},
		"pids":    {"4:cpu,memory:/x\n0::/\n", "pids", Limits{Processes: 6}, []string{`cgroup v1 has the controller "memory" on this system`}},
		"neither": {"8:pids:/\n4:memory:/\n0::/\n", "hugetlb", Limits{}, []string{`"memory"`, `"pids"`}},
	} {
		t.Run(name, func(t *testing.T) {
			s, top := machine{paths: c.paths, groups: []string{"/ " + c.offered + " | 1"}}.build(t)
			got, err := s.find(both)
			if !c.want.none() {
				c.want.place.dir = top
			}
			if got != c.want || (err != nil) != (c.err != nil) {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
			for _, text := range c.err {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v; want %q in it", err, text)
				}
			}
			if got, err := s.find(Limits{}); got != (Limits{}) || err != nil {
				t.Errorf("without limits: %+v, %v", got, err)
			}
		})
	}
}

func TestFindNeedsNoMoreThanWasAskedFor(t *testing.T) {
	s, _ := machine{paths: "0::/\n", groups: []string{"/ pids | 1"}}.build(t)
	if got, err := s.find(Limits{Processes: 3}); got.Processes != 3 || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPrepareGivesWhatIsMissing(t *testing.T) {
	_, top := machine{groups: []string{"/ memory pids | 77 | domain"}}.build(t)
	for given, want := range map[string]string{"": "+memory +pids", "memory cpu": "+pids", "pids memory": "pids memory"} {
		put(t, top, "cgroup.subtree_control", given)
		if err := (place{dir: top}).prepare([]string{"memory", "pids"}); err != nil {
			t.Error(err)
		}
		// A file keeps what is longer than what is written over it.
		if got := read(top, "cgroup.subtree_control"); !strings.HasPrefix(got, want) {
			t.Errorf("given %q it wrote %q, want %q", given, got, want)
		}
	}
	if err := (place{dir: filepath.Join(top, "none")}).prepare([]string{"pids"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a cgroup that is not there: %v", err)
	}
}

func TestReachedReadsTheSystemsRecord(t *testing.T) {
	for name, c := range map[string]struct {
		memory, pids string
		limits       Limits
		want         string
	}{
		"neither":          {"low 0\nmax 7\noom 0\noom_kill 0\n", "max 0\n", Limits{Memory: 9 << 20, Processes: 4}, ""},
		"memory":           {"max 7\noom 2\noom_kill 1\n", "max 0\n", Limits{Memory: 9 << 20, Processes: 4}, "memory (9 MiB)"},
		"processes":        {"oom 0\n", "max 3\n", Limits{Memory: 9 << 20, Processes: 4}, "processes (4)"},
		"both":             {"oom 1\n", "max 3\n", Limits{Memory: 9 << 20, Processes: 4}, "memory (9 MiB)"},
		"not limited here": {"oom 1\n", "max 3\n", Limits{}, ""},
		"nothing to read":  {"", "oom\nmax x\n", Limits{Memory: 1, Processes: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "memory.events.local", c.memory)
			put(t, dir, "pids.events", c.pids)
			if got := (&Group{limits: c.limits, dir: dir}).reached(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestNoLimitsAreNoCgroup(t *testing.T) {
	if g := (Limits{}).New(); g != nil || g.Attr() != nil {
		t.Errorf("%+v", g)
	}
	if err := (Limits{}).Prepare(); err != nil {
		t.Error(err)
	}
}

func TestControllers(t *testing.T) {
	if got := (Limits{Memory: 1, Processes: 1}).controllers(); !slices.Equal(got, []string{"memory", "pids"}) {
		t.Errorf("%q", got)
	}
}

func FuzzParseMount(f *testing.F) {
	f.Add("41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw")
	f.Add(`41 31 0:38 /a\040b /x\134y rw shared:9 master:1 - cgroup2 x rw`)
	f.Add(" - ")
	f.Add(`1 2 3 \ \9 \777 - cgroup2`)
	f.Fuzz(func(t *testing.T, line string) {
		if m, ok := parseMount(line); ok && (m.root == "" || m.dir == "" || m.kind == "") {
			t.Errorf("%q is %+v", line, m)
		}
	})
}
