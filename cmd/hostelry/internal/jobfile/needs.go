package jobfile

import (
	"slices"

	"github.com/hostelry-run/hostelry/host"
)

// mostCycles bounds how many circles of needs are reported: each may be long.
const mostCycles = 10

// checkNeeds finds needs of tasks that there are not, and those that go in a circle.
func (j *Job) checkNeeds(problems *Problems) {
	for _, t := range j.Tasks {
		for _, f := range t.needs() {
			if _, ok := j.find(f.key); !ok {
				problems.addError(f.at, j.unknownTask(f.key))
			}
		}
	}
	for _, cycle := range j.cycles() {
		names := make([]string, len(cycle))
		for i, at := range cycle {
			names[i] = j.Tasks[at].ID
		}
		first, next := j.Tasks[cycle[0]], cycle[1%len(cycle)]
		for _, f := range first.needs() {
			if i, ok := j.find(f.key); ok && i == next {
				problems.addError(f.at, &host.CycleError{Tasks: names})
				break
			}
		}
	}
}

// needs are the fields of the task's needs, in the order of the file.
func (t Task) needs() []field {
	if n := t.node.get("needs"); n != nil {
		return n.fields
	}
	return nil
}

// cycles finds tasks, by index, of which each needs the next one, and the last the
// first, which is the first in the file. All replicas of a task have its needs, so
// that they are one here.
func (j *Job) cycles() [][]int {
	const open, closed = 1, 2
	state := make([]int, len(j.Tasks))
	var path []int
	var found [][]int
	var visit func(i int)
	visit = func(i int) {
		state[i] = open
		path = append(path, i)
		for _, f := range j.Tasks[i].needs() {
			next, known := j.find(f.key)
			switch {
			case !known || state[next] == closed || len(found) == mostCycles:
			case state[next] == open:
				found = append(found, firstFirst(path[slices.Index(path, next):]))
			default:
				visit(next)
			}
		}
		path = path[:len(path)-1]
		state[i] = closed
	}
	for i := range j.Tasks {
		if state[i] == 0 {
			visit(i)
		}
	}
	return found
}

// firstFirst turns a circle so that it begins with its least member.
func firstFirst(circle []int) []int {
	at := slices.Index(circle, slices.Min(circle))
	return slices.Concat(circle[at:], circle[:at])
}
