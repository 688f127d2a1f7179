package jobfile

import (
	"slices"

	"github.com/hostelry-run/hostelry/host"
)

// seated is the task with what it says of its processes, and for the rest what the file
// says.
func (t Task) seated(root *node, problems *Problems) Task {
	either := func(key string) *node {
		if n := t.node.get(key); n != nil {
			return n
		}
		return root.get(key)
	}
	if name := either("share").text(); name != "" {
		t.Share, _ = host.ParseShare(name) // a problem already
	}
	t.Warm = number(either("warm"))
	if t.Share == host.SharePlugin {
		t.MaxTasks = number(either("max_tasks"))
		if f := t.node.get("limits").field("cpu"); f != nil {
			problems.add(f.at, `"cpu" is for a process of the task's own: in one that tasks share, it is used up by all that ever ran there; say "share: task" here`)
		}
		return t
	}
	if f := t.node.field("max_tasks"); f != nil && number(f.value) > 0 {
		problems.add(f.at, `"max_tasks" is for processes that tasks share: say "share: plugin" too`)
	}
	return t
}

// checkMaxTasks refuses the file's own max_tasks where it is for no task.
func (j *Job) checkMaxTasks(problems *Problems) {
	f := j.root.field("max_tasks")
	shares := func(t Task) bool { return t.Share == host.SharePlugin }
	if f != nil && number(f.value) > 0 && !slices.ContainsFunc(j.Tasks, shares) {
		problems.add(f.at, `"max_tasks" is for processes that tasks share, and no task does: say "share: plugin" too`)
	}
}
