package jobfile

import (
	"encoding/json"
	"time"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/terminal"
	"github.com/hostelry-run/hostelry/host"
)

// How tasks are supervised, as the file says it. What the schema refuses is a
// problem already; here is what only the host's own rules refuse.

// durationOf reads the duration that a field of n is, 0 if there is none.
func durationOf(n *node, name string, problems *Problems) time.Duration {
	value := n.get(name)
	if value.text() == "" {
		return 0
	}
	d, err := time.ParseDuration(value.text())
	if (err != nil || d <= 0) && problems.none(value.at) {
		problems.add(value.at, `%q is %q: expected a duration of more than 0, such as "5s"`, name, value.text())
	}
	if err != nil {
		return 0
	}
	return max(d, 0)
}

func groupsOf(n *node) []host.Group {
	if n == nil {
		return nil
	}
	var groups []host.Group
	for _, f := range n.fields {
		g := host.Group{Name: f.key}
		g.Policy, _ = host.ParsePolicy(f.value.get("policy").text())
		g.Strategy, _ = host.ParseStrategy(f.value.get("strategy").text())
		groups = append(groups, g)
	}
	return groups
}

func needsOf(n *node, problems *Problems) map[string]host.Need {
	if n == nil {
		return nil
	}
	if n.form == list && len(n.items) > 0 && n.items[0].text() != "" {
		problems.add(n.at, `say what must hold of each: "needs: {%s: ready}"`, terminal.Clean(n.items[0].text()))
	}
	needs := make(map[string]host.Need, len(n.fields))
	for _, f := range n.fields {
		needs[f.key], _ = host.ParseNeed(f.value.text())
	}
	return needs
}

func restartOf(n *node, problems *Problems) host.Restart {
	var r host.Restart
	if n == nil {
		return r
	}
	if _, err := host.ParseRestartWhen(n.text()); err == nil {
		problems.add(n.at, `write it as "restart: {when: %s}"`, n.text())
	}
	r.When, _ = host.ParseRestartWhen(n.get("when").text())
	if r.Max = number(n.get("max")); n.get("max").text() == "unlimited" {
		r.Max = host.Unlimited
	}
	r.Within = durationOf(n, "within", problems)
	r.Initial = durationOf(n, "initial", problems)
	r.Cap = durationOf(n, "cap", problems)
	if factor := n.get("factor"); factor != nil {
		text, _ := factor.scalar.(json.Number)
		r.Factor, _ = text.Float64()
	}
	if overlap := n.get("overlap"); overlap != nil {
		r.Overlap, _ = overlap.scalar.(bool)
	}
	if err := r.Validate(); err != nil && problems.noneIn(n) {
		problems.addError(n.place("cap"), err)
	}
	return r
}

// readyOf reads a readiness, and has the host check each field by itself, so that
// each mistake is at its place.
func readyOf(n *node, problems *Problems) host.Readiness {
	var all host.Readiness
	if n == nil {
		return all
	}
	all.Log, all.TCP, all.HTTP = n.get("log").text(), n.get("tcp").text(), n.get("http").text()
	if command := n.get("exec"); command != nil {
		for _, item := range command.items {
			all.Exec = append(all.Exec, item.text())
		}
	}
	for name, one := range map[string]host.Readiness{
		"log": {Log: all.Log}, "tcp": {TCP: all.TCP}, "http": {HTTP: all.HTTP}, "exec": {Exec: all.Exec},
	} {
		if err := one.Validate(); err != nil && problems.noneIn(n.get(name)) {
			problems.addError(n.place(name), err)
		}
	}
	all.Timeout = durationOf(n, "timeout", problems)
	if err := all.Validate(); err != nil && problems.noneIn(n) {
		problems.addError(n.at, err)
	}
	return all
}

// place is where the value of a field is, or else n itself.
func (n *node) place(name string) Position {
	if value := n.get(name); value != nil {
		return value.at
	}
	return n.at
}
