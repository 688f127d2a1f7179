package jobfile_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestEnvAndLimits(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("limits are refused on other systems than Linux")
	}
	job, problems := jobfile.Parse("j", []byte(`
env: {from_host: [A, B], set: {C: d}}
tasks:
  t:
    kind: exec
    env: {set: {C: e}}
    limits: {memory: 512MiB, open_files: 64, cpu: 30s}
`))
	if problems != nil {
		t.Fatal(problems)
	}
	want := host.Env{FromHost: []string{"A", "B"}, Set: map[string]string{"C": "e"}}
	if diff := cmp.Diff(want, job.Env.With(job.Tasks[0].Env)); diff != "" {
		t.Error(diff)
	}
	if got := job.Tasks[0].Limits; got != (host.Limits{Memory: 512 << 20, OpenFiles: 64, CPU: 30 * time.Second}) {
		t.Errorf("%+v", got)
	}
}

func TestEnvAndLimitsThatAreWrong(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("limits are refused on other systems than Linux")
	}
	job, problems := jobfile.Parse("j", []byte(`
tasks:
  a:
    kind: exec
    config: {command: [x]}
    mode: process
    env: {from_host: [A=B]}
    limits: {memory: 5, open_files: 0, cpu: 1500ms}
  b:
    kind: exec
    config: {command: [x]}
    env: {set: {HOSTELRY_X: y}}
  c:
    kind: exec
    config: {command: [x]}
    env: {set: {N: 1}}
`))
	c, err := catalog.New(builtin.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	const noProcess = ` is for process mode: this task runs in goroutine mode, in the host's own process`
	want := []string{
		`j:7:10: environment variable "A=B": a name is not empty and has neither '=' nor NUL`,
		`j:8:13: the limit on CPU time, 1.5s, is not in whole seconds`,
		`j:8:22: "memory" is 5: expected a string, such as "512MiB"`,
		`j:8:37: "open_files" is 0: expected at least 1`,
		`j:12:5: "env"` + noProcess,
		`j:12:10: environment variable "HOSTELRY_X": names that begin with HOSTELRY_ or PLUGIN_ are the host's own`,
		`j:16:5: "env"` + noProcess,
		`j:16:20: "N" is 1: expected a string`,
	}
	var got []string
	for _, p := range jobfile.Join(problems, job.Check(c, "")) {
		got = append(got, p.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestShare(t *testing.T) {
	job, problems := jobfile.Parse("j", []byte(`
share: plugin
max_tasks: 10
warm: 2
tasks:
  as-the-file: {kind: exec}
  alone: {kind: exec, share: task}
  other: {kind: exec, max_tasks: 0, warm: 0}
`))
	if problems != nil {
		t.Fatal(problems)
	}
	want := []host.Spec{
		{ID: "as-the-file", Share: host.SharePlugin, MaxTasks: 10, Warm: 2},
		{ID: "alone", Warm: 2},
		{ID: "other", Share: host.SharePlugin},
	}
	for i, w := range want {
		for _, m := range host.Modes() {
			s := job.Tasks[i].Spec(m, host.Env{})
			if m != host.Process {
				w.Share, w.MaxTasks, w.Warm = host.ShareTask, 0, 0
			} else {
				w = want[i]
			}
			if s.ID != w.ID || s.Share != w.Share || s.MaxTasks != w.MaxTasks || s.Warm != w.Warm {
				t.Errorf("%s in %v mode: %v, %d, %d", s.ID, m, s.Share, s.MaxTasks, s.Warm)
			}
		}
	}
}

func TestShareThatIsWrong(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("limits are refused on other systems than Linux")
	}
	job, problems := jobfile.Parse("j", []byte(`
share: plugins
tasks:
  a: {kind: exec, config: {command: [x]}, mode: process, max_tasks: 3, warm: -1}
  b: {kind: exec, config: {command: [x]}, share: plugin}
  c: {kind: exec, config: {command: [x]}, mode: process, share: plugin, limits: {cpu: 5s}}
`))
	c, err := catalog.New(builtin.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`j:2:8: share "plugins" is not one of task, plugin: did you mean "plugin"?`,
		`j:4:58: "max_tasks" is for processes that tasks share: say "share: plugin" too`,
		`j:4:78: "warm" is -1: expected at least 0`,
		`j:5:43: "share" is for process mode: this task runs in goroutine mode, in the host's own process`,
		`j:6:82: "cpu" is for a process of the task's own: in one that tasks share, it is used up by all that ever ran there; say "share: task" here`,
	}
	var got []string
	for _, p := range jobfile.Join(problems, job.Check(c, "")) {
		got = append(got, p.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMaxTasksOfAFileInWhichNoTaskShares(t *testing.T) {
	_, problems := jobfile.Parse("j", []byte("max_tasks: 10\ntasks:\n  a: {kind: exec}\n  b: {kind: exec, share: task}\n"))
	want := `j:1:1: "max_tasks" is for processes that tasks share, and no task does: say "share: plugin" too`
	if problems == nil || problems.Error() != want {
		t.Errorf("%v, want %s", problems, want)
	}
	for _, text := range []string{
		"max_tasks: 0\ntasks:\n  a: {kind: exec}\n",
		"max_tasks: 10\ntasks:\n  a: {kind: exec}\n  b: {kind: exec, share: plugin}\n",
	} {
		if _, problems := jobfile.Parse("j", []byte(text)); problems != nil {
			t.Errorf("%q: %v", text, problems)
		}
	}
}

func TestEachWrongLimitIsSaidOnce(t *testing.T) {
	for limit, want := range map[string]string{
		"cpu: 0s":                     `j:2:33: "cpu" is "0s": expected a duration of more than 0, such as "5s"`,
		"cpu: -1s":                    `j:2:33: "cpu" is "-1s": expected a duration of more than 0, such as "5s"`,
		"memory: -1MiB":               `j:2:36: "memory" is "-1MiB": expected a size, such as "512MiB"`,
		"memory: 99999999999GiB":      `j:2:36: "memory" is "99999999999GiB": expected a size, such as "512MiB"`,
		"memory: 9999999999999999GiB": `j:2:36: "memory" is "9999999999999999GiB": expected a size, such as "512MiB"`,
	} {
		_, problems := jobfile.Parse("j", []byte("tasks:\n  a: {kind: exec, limits: {"+limit+"}}\n"))
		if problems == nil || problems.Error() != want {
			t.Errorf("%s:\n%v, want\n%s", limit, problems, want)
		}
	}
}
