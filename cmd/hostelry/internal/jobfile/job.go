// Package jobfile reads job files and finds everything that is wrong with one,
// each problem with its line and column, all at once.
//
// The command reads a file with [Read], loads the plugins that it names, and
// checks its tasks against the catalog with [Job.Check].
package jobfile

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/schema"
)

// Schema is the JSON Schema of job files.
//
//go:embed job.schema.json
var Schema []byte

// Job is what a job file says. A field that is missing from the file, or wrong in
// it, has its zero value.
type Job struct {
	// File is the file's name as the user wrote it.
	File string
	// Dir is the folder that the file is in, as an absolute path. What the file
	// names is relative to it.
	Dir string
	// Plugins is the plugin directory, relative to Dir. Its Name is "" if the file
	// names none.
	Plugins Place
	// Build lists Go main packages to compile into Plugins.
	Build []Place
	// Mode is the default of the tasks' modes, and Policy that of the run.
	Mode, Policy string
	// These are positive, or 0 if the file does not say.
	Grace, Deadline, StartTimeout time.Duration
	// Env is for all tasks in process mode.
	Env host.Env
	// Groups and Tasks are in the order of the file.
	Groups []host.Group
	Tasks  []Task

	root  *node
	index map[string]int // of tasks, by id
}

// Place is a name in a job file of something in the file system.
type Place struct {
	Name string
	At   Position
}

// Read reads a job file. The error is [Problems] with everything that can be
// known from the file alone; the Job then holds what is right in it, so that
// [Job.Check] can find more, or is nil if there is nothing to check.
func Read(file string) (*Job, error) {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, Problems{{File: file, Message: err.Error()}}
	}
	text, err := readText(file)
	if err != nil {
		return nil, Problems{{File: file, Message: err.Error()}}
	}
	job, problems := Parse(file, text)
	if job != nil {
		job.Dir = dir
	}
	return job, problems.Err()
}

// readText reads no more than a job file may have.
func readText(file string) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a named pipe to which nobody writes would block
	if err != nil {
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathError.Err
		}
		return nil, fmt.Errorf("cannot read the job file: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("is a directory: name the job file in it")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the job file: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.Mode()&fs.ModeNamedPipe != 0 && len(text) == 0 {
		return nil, errors.New("is a named pipe, and nobody writes to it: name a file, or begin to write first")
	}
	return text, nil
}

// Parse is [Read] for the text of a file. It leaves Dir empty.
func Parse(file string, text []byte) (*Job, Problems) {
	root, problems := parse(text)
	if root == nil {
		if problems == nil {
			problems.add(Position{1, 1}, `the job file is empty: it needs at least "tasks:" with a task`)
		}
		return nil, problems.sorted(file)
	}
	problems.addAll(root, root.at, rules().Check(root.value()))
	job := &Job{File: file, root: root}
	job.fill(&problems)
	return job, problems.sorted(file)
}

// rules is the compiled schema of job files.
func rules() *schema.Schema {
	s, err := schema.Compile(Schema)
	if err != nil {
		panic("jobfile: the schema of job files: " + err.Error())
	}
	return s
}

// fill takes from the tree what has the right type. What has not is a problem
// already.
func (j *Job) fill(problems *Problems) {
	plugins := j.root.get("plugins")
	j.Plugins = placeOf(plugins.get("dir"))
	if build := plugins.get("build"); build != nil {
		for _, item := range build.items {
			if p := placeOf(item); p.Name != "" {
				j.Build = append(j.Build, p)
			}
		}
	}
	j.Mode, j.Policy = j.root.get("mode").text(), j.root.get("policy").text()
	j.Grace = durationOf(j.root, "grace", problems)
	j.Deadline = durationOf(j.root, "deadline", problems)
	j.StartTimeout = durationOf(j.root, "start_timeout", problems)
	j.Env = envOf(j.root.get("env"), problems)
	j.Groups = groupsOf(j.root.get("groups"))
	if tasks := j.root.get("tasks"); tasks != nil {
		for i := range tasks.fields {
			j.Tasks = append(j.Tasks, newTask(&tasks.fields[i], problems).seated(j.root, problems))
		}
	}
	j.checkMaxTasks(problems)
	j.checkNames(problems)
}

func placeOf(n *node) Place {
	if n == nil {
		return Place{}
	}
	return Place{Name: n.text(), At: n.at}
}

// Problem is a problem with what a place of the file names.
func (j *Job) Problem(at Place, message string) Problem {
	return Problem{File: j.File, Position: at.At, Message: message}
}
