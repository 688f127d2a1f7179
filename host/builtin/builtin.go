// Package builtin holds the kinds of task that need no plugin: exec runs a
// command, probe watches an HTTP or TCP endpoint. The hostelry command has them
// built in; an embedder registers them with host.WithKinds(builtin.Kinds()...).
// They run in every mode, unchanged.
package builtin

import (
	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/shared/task"
)

// Kinds are the kinds exec and probe, in that order, with the configs
// [ExecConfig] and [ProbeConfig] and the results [ExecResult] and [ProbeResult].
func Kinds() []task.Kind {
	commands := new(keeper.Shared)
	newExec := func(c ExecConfig) (task.Task, error) { return newCommand(c, commands) }
	return []task.Kind{
		task.NewKind("exec", newExec, task.WithDescription(
			"runs a command: its lines are logged, its exit status is the outcome")),
		task.NewKind("probe", newProbe, task.WithDescription(
			"checks an HTTP or TCP endpoint until stopped or for a count, and fails after several misses in a row")),
	}
}
