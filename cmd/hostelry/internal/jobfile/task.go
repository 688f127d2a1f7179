package jobfile

import (
	"encoding/json"
	"time"

	"github.com/hostelry-run/hostelry/host"
)

// Task is one task of a job file. What the file does not say has its zero value,
// which is the host's default.
type Task struct {
	ID, Kind, Mode string
	// Config is a JSON object with the file's numbers digit for digit, or nil.
	Config json.RawMessage
	// Env and Limits are for process mode.
	Env    host.Env
	Limits host.Limits
	// What processes it gets, by its own word or else the file's; for process mode.
	Share          host.Share
	MaxTasks, Warm int
	// How the task is supervised, as in host.Spec.
	Needs                           map[string]host.Need
	Restart                         host.Restart
	Ready                           host.Readiness
	Watchdog, Timeout, StartTimeout time.Duration
	Isolate                         int
	Group                           string
	// Replicas is how many tasks to make of this one, or 0 for the task alone.
	Replicas int

	node                 *node
	idAt, kindAt, modeAt Position
	config               *field
}

func newTask(f *field, problems *Problems) Task {
	n := f.value
	t := Task{ID: f.key, node: n, idAt: f.at, kindAt: f.at, modeAt: f.at}
	if kind := n.get("kind"); kind != nil {
		t.Kind, t.kindAt = kind.text(), kind.at
	}
	if mode := n.get("mode"); mode != nil {
		t.Mode, t.modeAt = mode.text(), mode.at
	}
	if t.config = n.field("config"); t.config != nil && t.config.value.form == object {
		t.Config = t.config.value.json()
	}
	t.Env = envOf(n.get("env"), problems)
	t.Limits = limitsOf(n.get("limits"), problems)
	t.Needs = needsOf(n.get("needs"), problems)
	t.Restart = restartOf(n.get("restart"), problems)
	t.Ready = readyOf(n.get("ready"), problems)
	t.Watchdog = durationOf(n, "watchdog", problems)
	t.Timeout = durationOf(n, "timeout", problems)
	t.StartTimeout = durationOf(n, "start_timeout", problems)
	t.Isolate = number(n.get("isolate").get("after"))
	t.Group = n.get("group").text()
	t.Replicas = number(n.get("replicas"))
	return t
}

// Spec is the task as a runner takes it, in a mode. all is the environment of all
// tasks in process mode.
func (t Task) Spec(mode host.Mode, all host.Env) host.Spec {
	s := host.Spec{
		ID: t.ID, Kind: t.Kind, Mode: mode, Needs: t.Needs, Restart: t.Restart, Ready: t.Ready,
		Watchdog: t.Watchdog, Timeout: t.Timeout, StartTimeout: t.StartTimeout, Isolate: t.Isolate, Group: t.Group,
	}
	if t.Config != nil {
		s.Config = t.Config
	}
	if mode == host.Process {
		s.Env, s.Limits = all.With(t.Env), t.Limits
		s.Share, s.MaxTasks, s.Warm = t.Share, t.MaxTasks, t.Warm
	}
	return s
}
