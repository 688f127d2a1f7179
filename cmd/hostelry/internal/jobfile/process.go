package jobfile

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/catalog"
)

// envOf is what an env in the file says. What has not the right type is a problem
// already.
func envOf(n *node, problems *Problems) host.Env {
	var e host.Env
	if n == nil {
		return e
	}
	if from := n.get("from_host"); from != nil {
		for _, item := range from.items {
			e.FromHost = append(e.FromHost, item.text())
		}
	}
	if set := n.get("set"); set != nil {
		e.Set = make(map[string]string, len(set.fields))
		for _, f := range set.fields {
			e.Set[f.key] = f.value.text()
		}
	}
	if err := e.Validate(); err != nil && problems.none(n.at) {
		problems.add(n.at, "%s", err)
	}
	return e
}

// limitsOf is what limits in the file say.
func limitsOf(n *node, problems *Problems) host.Limits {
	var l host.Limits
	if n == nil {
		return l
	}
	l.Memory = bytesOf(n.get("memory").text())
	l.Processes, l.OpenFiles = number(n.get("processes")), number(n.get("open_files"))
	l.CPU, _ = time.ParseDuration(cmp.Or(n.get("cpu").text(), "0s")) // a problem already
	if err := l.Validate(); err != nil && problems.none(n.at) {
		problems.add(n.at, "%s", err)
	}
	return l
}

func number(n *node) int {
	if n == nil {
		return 0
	}
	text, _ := n.scalar.(json.Number)
	i, _ := strconv.Atoi(text.String()) // a problem already
	return i
}

// bytesOf reads a size such as 512MiB; what is none is a problem already.
func bytesOf(size string) int64 {
	for unit, shift := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if digits, ok := strings.CutSuffix(size, unit); ok {
			n, _ := strconv.ParseInt(digits, 10, 64)
			return n << shift
		}
	}
	return 0
}

// checkProcess refuses what only a process can have in a task that is none.
func (t Task) checkProcess(mode string, problems *Problems) {
	if mode == host.Process.String() {
		return
	}
	for _, f := range []*field{t.env, t.limits} {
		if f != nil {
			problems.add(f.at, "%q is for process mode: this task runs in %s mode, in the host's own process", f.key, mode)
		}
	}
}

// checkAttached refuses what only a process can have that the host starts.
func (t Task) checkAttached(kind catalog.Kind, problems *Problems) {
	if kind.Address() == "" {
		return
	}
	for _, f := range []*field{t.env, t.limits} {
		if f != nil {
			problems.add(f.at, "%q is for a process that the host starts, and plugin %q is attached at %s: take it out meanwhile",
				f.key, kind.Plugin, kind.Address())
		}
	}
}
