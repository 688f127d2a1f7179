package jobfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
)

func parse(t *testing.T, text string) *jobfile.Job {
	t.Helper()
	job, problems := jobfile.Parse("j", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return job
}

func TestParseJob(t *testing.T) {
	job := parse(t, `
plugins: {dir: plugins, build: [./digest, ./tick]}
mode: process
policy: stop-all
grace: 1m30s
tasks:
  z: {kind: digest, config: {root: .}}
  a:
    kind: tick/tick
    mode: async
`)
	type task struct{ ID, Kind, Mode, Config string }
	var tasks []task
	for _, x := range job.Tasks {
		tasks = append(tasks, task{x.ID, x.Kind, x.Mode, string(x.Config)})
	}
	want := []task{{"z", "digest", "", `{"root":"."}`}, {"a", "tick/tick", "async", ""}}
	if diff := cmp.Diff(want, tasks); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	if job.Plugins != (jobfile.Place{Name: "plugins", At: jobfile.Position{Line: 2, Column: 16}}) || job.Mode != "process" || job.Policy != "stop-all" || job.Grace != 90*time.Second {
		t.Errorf("job: %+v", job)
	}
	if diff := cmp.Diff([]jobfile.Place{
		{Name: "./digest", At: jobfile.Position{Line: 2, Column: 33}}, {Name: "./tick", At: jobfile.Position{Line: 2, Column: 43}},
	}, job.Build); diff != "" {
		t.Errorf("build (-want +got):\n%s", diff)
	}
}

// TestConfigValues: what YAML says becomes JSON, numbers digit for digit.
func TestConfigValues(t *testing.T) {
	tests := []struct{ yaml, json string }{
		{"9007199254740993", "9007199254740993"},
		{"123456789012345678901234567890", "123456789012345678901234567890"},
		{"0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"},
		{"+5", "5"}, {"-0", "-0"}, {".5", "0.5"}, {"-.5", "-0.5"}, {"1.", "1"}, {"1e3", "1e3"}, {"6.02E+23", "6.02E+23"},
		{"0x1F", "31"}, {"0o17", "15"}, {"0xffffffffffffffffffff", "1208925819614629174706175"},
		{"1_000", `"1_000"`}, {"yes", `"yes"`}, {"2001-01-01", `"2001-01-01"`}, {"1.2.3", `"1.2.3"`}, {"0b11", `"0b11"`},
		{"true", "true"}, {"False", "false"}, {"~", "null"}, {"null", "null"}, {"", "null"},
		{`"5"`, `"5"`}, {"'true'", `"true"`}, {`"a\tb\u00e9<>"`, `"a\tbé<>"`}, {"!!str 5", `"5"`}, {"!!int '5'", "5"}, {"!!float 5", "5"},
		{"[a, [], {}]", `["a",[],{}]`}, {"{b: 1, a: 2}", `{"a":2,"b":1}`}, {"{1: x, true: y}", `{"1":"x","true":"y"}`},
		{"|\n      one\n      two", `"one\ntwo\n"`}, {">-\n      one\n      two", `"one two"`},
		{"[&x {a: 1}, *x, {<<: *x, a: 2}, {a: 3, <<: [*x, {b: 4}]}]", `[{"a":1},{"a":1},{"a":2},{"a":3,"b":4}]`},
	}
	for _, tt := range tests {
		t.Run(tt.yaml, func(t *testing.T) {
			job := parse(t, "tasks:\n  t:\n    kind: k\n    config:\n     v: "+tt.yaml+"\n")
			if got, want := string(job.Tasks[0].Config), `{"v":`+tt.json+`}`; got != want {
				t.Errorf("config is %s, want %s", got, want)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "job.yaml")
	if err := os.WriteFile(file, []byte("tasks: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := jobfile.Read(file)
	if err != nil || job.Dir != dir || job.File != file {
		t.Errorf("Read: %+v, %v", job, err)
	}
	for name, want := range map[string]string{
		dir:                           dir + ": is a directory: name the job file in it",
		filepath.Join(dir, "no.yaml"): filepath.Join(dir, "no.yaml") + ": cannot read the job file: ",
	} {
		if _, err := jobfile.Read(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Read(%q): %v, want %q", name, err, want)
		}
	}
}

func TestConfigOfSettings(t *testing.T) {
	tests := []struct {
		name     string
		settings []string
		want     string
	}{
		{"none", nil, `{}`},
		{"YAML values", []string{"a=1", "b=x y", "c=[1, x]", "d={e: true}", "f=", `g=""`, "h=a=b"}, `{"a":1,"b":"x y","c":[1,"x"],"d":{"e":true},"f":null,"g":"","h":"a=b"}`},
		{"nested", []string{"a.b=1", "a.c.d=2"}, `{"a":{"b":1,"c":{"d":2}}}`},
		{"later wins", []string{"a=1", "a=2", "b=1", "b.c=2", "d.e=1", "d=2"}, `{"a":2,"b":{"c":2},"d":2}`},
		{"into an alias", []string{"a={x: &v {b: 1}, y: *v}", "a.x.c=2", "a.y.d=3"}, `{"a":{"x":{"b":1,"c":2},"y":{"b":1,"d":3}}}`},
		{"large numbers", []string{"n=12345678901234567890123"}, `{"n":12345678901234567890123}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := jobfile.Config(tt.settings)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestConfigNamesEachBadSetting(t *testing.T) {
	_, err := jobfile.Config([]string{"root", "a=1", "b..c=1", "=x", "d=[1"})
	want := `--set "root": expected KEY=VALUE
--set "b..c": the key has an empty part: expected a name, or names joined by dots
--set "": the key has an empty part: expected a name, or names joined by dots
--set "d": the value is not YAML: YAML syntax: sequence end token ']' not found`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
