package jobfile

import "github.com/hostelry-run/hostelry/host"

// shareKeys say what processes a task gets. The file's hold for tasks in process mode that
// do not have their own.
var shareKeys = [...]string{"share", "max_tasks", "warm"}

// takeSeat takes what the task says of its processes, and for the rest what the file says.
func (t *Task) takeSeat(root *node, problems *Problems) {
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
		return
	}
	if f := t.node.field("max_tasks"); f != nil && number(f.value) > 0 {
		problems.add(f.at, `"max_tasks" is for processes that tasks share: say "share: plugin" too`)
	}
}
