package jobfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/schema"
)

// maxID is how many characters an id may have.
const maxID = 64

// checkNames finds what is wrong with the names that tasks call each other and
// their groups by.
func (j *Job) checkNames(problems *Problems) {
	j.index = make(map[string]int, len(j.Tasks))
	for i, t := range j.Tasks {
		j.index[t.ID] = i
	}
	for i, t := range j.Tasks {
		j.checkReplicas(i, problems)
		if t.Group != "" && !slices.ContainsFunc(j.Groups, func(g host.Group) bool { return g.Name == t.Group }) {
			problems.addError(t.node.place("group"), j.unknownGroup(t.Group))
		}
		if f := t.node.field("isolate"); f != nil && t.ends() {
			problems.add(f.at, `"isolate" is for a task that is begun again after a panic: give it a "restart" too`)
		}
	}
	j.checkNeeds(problems)
}

// ends reports whether the file says that the task's first end is its end.
func (t Task) ends() bool {
	restart := t.node.get("restart")
	return restart == nil || restart.get("when").text() == host.RestartNever.String()
}

// find is the index of the task of that name, or of that with the replica of that
// name.
func (j *Job) find(name string) (int, bool) {
	if i, ok := j.index[name]; ok {
		return i, true
	}
	return j.replica(name)
}

// replica is the index of the task of which a replica has that name.
func (j *Job) replica(name string) (int, bool) {
	at := strings.LastIndexByte(name, '-')
	if at < 0 {
		return 0, false
	}
	number, err := strconv.Atoi(name[at+1:])
	i, ok := j.index[name[:at]]
	return i, ok && err == nil && number > 0 && number <= j.Tasks[i].Replicas && name[at+1:] == strconv.Itoa(number)
}

// checkReplicas refuses an id that is also a replica's, and one that is too long
// for a replica's.
func (j *Job) checkReplicas(i int, problems *Problems) {
	t := j.Tasks[i]
	if set, ok := j.replica(t.ID); ok {
		other := j.Tasks[set]
		if i > set {
			problems.add(t.idAt, "%q is the id of a replica of %q too, which is at line %d: rename one of them", t.ID, other.ID, other.idAt.Line)
		} else {
			problems.add(other.idAt, "%q is the id of a replica too, and of the task at line %d: rename one of them", t.ID, t.idAt.Line)
		}
	}
	if last := fmt.Sprintf("%s-%d", t.ID, t.Replicas); t.Replicas > 0 && len(t.ID) <= maxID && len(last) > maxID {
		problems.add(t.idAt, "its replicas are called up to %q, and an id has at most %d characters: shorten it", last, maxID)
	}
}

func (j *Job) unknownTask(name string) error {
	var known []string
	for _, t := range j.Tasks {
		known = append(known, t.ID)
	}
	err := &host.UnknownNameError{What: "task", Name: name, Nearest: schema.Nearest(name, known)}
	if at := strings.LastIndexByte(name, '-'); at > 0 {
		if i, ok := j.index[name[:at]]; ok && j.Tasks[i].Replicas > 0 {
			return fmt.Errorf("there is no task %q: %q has %d replicas", name, name[:at], j.Tasks[i].Replicas)
		}
	}
	return err
}

func (j *Job) unknownGroup(name string) error {
	var known []string
	for _, g := range j.Groups {
		known = append(known, g.Name)
	}
	return &host.UnknownNameError{What: "group", Name: name, Nearest: schema.Nearest(name, known)}
}

// Problems are an error of a runner that the job's tasks were added to, each at
// its task.
func (j *Job) Problems(err error) Problems {
	var problems Problems
	for _, e := range split(err) {
		at := Position{1, 1}
		if spec, ok := e.(*host.SpecError); ok { //nolint:errorlint // only what is outermost names the task
			if i, known := j.find(spec.Task); known {
				at = j.Tasks[i].idAt
			}
		}
		problems.addError(at, e)
	}
	return problems.sorted(j.File)
}

// split are the errors that were joined into err.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, split(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
