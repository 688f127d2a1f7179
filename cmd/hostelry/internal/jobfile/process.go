package jobfile

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

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
	l.CPU = durationOf(n, "cpu", problems)
	if err := l.Validate(); err != nil && problems.none(n.at) {
		problems.add(n.at, "%s", err)
	}
	return l
}

// number reads a whole number that is not negative, in whatever form: 20 is 2e1.
// One that is too large for anything is math.MaxInt32.
func number(n *node) int {
	if n == nil {
		return 0
	}
	text, _ := n.scalar.(json.Number)
	f, _ := strconv.ParseFloat(text.String(), 64) // a problem already
	return int(max(0, min(f, math.MaxInt32)))
}

// bytesOf reads a size such as 512MiB; what is none is a problem already.
func bytesOf(size string) int64 {
	for unit, shift := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if digits, ok := strings.CutSuffix(size, unit); ok {
			n, _ := strconv.ParseUint(digits, 10, 32)
			return int64(n) << shift
		}
	}
	return 0
}

// processKeys are for processes that the host starts.
func processKeys() []string { return []string{"env", "limits", "share", "max_tasks", "warm"} }

// checkMode refuses what makes no sense in the task's mode.
func (t Task) checkMode(mode string, problems *Problems) {
	if mode == host.Process.String() {
		if f := t.node.field("isolate"); f != nil {
			problems.add(f.at, `"isolate" is for goroutine and async mode: this task runs in process mode, in a process of its own already`)
		}
		return
	}
	for _, name := range processKeys() {
		if f := t.node.field(name); f != nil {
			problems.add(f.at, "%q is for process mode: this task runs in %s mode, in the host's own process", f.key, mode)
		}
	}
}

// checkAttached refuses what only a process can have that the host starts.
func (t Task) checkAttached(kind catalog.Kind, problems *Problems) {
	if kind.Address() == "" {
		return
	}
	for _, name := range processKeys() {
		if f := t.node.field(name); f != nil {
			problems.add(f.at, "%q is for a process that the host starts, and plugin %q is attached at %s: take it out meanwhile",
				f.key, kind.Plugin, kind.Address())
		}
	}
}
