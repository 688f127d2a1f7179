package jobfile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
	"github.com/hostelry-run/hostelry/host/catalog"
)

func TestParseSupervision(t *testing.T) {
	job := parse(t, `
deadline: 1h
start_timeout: 20s
groups:
  storage: {policy: stop-all, strategy: rest-for-one}
  loose: {}
tasks:
  db:
    kind: exec
    restart: {when: on-failure, max: 1e1, within: 2m, initial: 10ms, factor: 1.5, cap: 1s, overlap: true}
    ready: {exec: [pg_isready, -q], timeout: 30s}
    watchdog: 5s
    timeout: 10m
    start_timeout: 3s
    isolate: {after: 2}
    group: storage
  web:
    kind: exec
    config: {command: [web]}
    replicas: 3
    needs: {db: ready, web-migrate: succeeded}
    restart: {when: always, max: unlimited}
  web-migrate: {kind: exec}
  last:
    kind: exec
    needs: {web: started, web-3: ended}
`)
	if job.Deadline != time.Hour || job.StartTimeout != 20*time.Second {
		t.Errorf("deadline %v, start timeout %v", job.Deadline, job.StartTimeout)
	}
	groups := []host.Group{{Name: "storage", Policy: host.StopAll, Strategy: host.RestForOne}, {Name: "loose"}}
	if diff := cmp.Diff(groups, job.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	want := host.Spec{
		ID: "db", Kind: "exec", Mode: host.Async,
		Restart: host.Restart{
			When: host.RestartOnFailure, Max: 10, Within: 2 * time.Minute,
			Initial: 10 * time.Millisecond, Factor: 1.5, Cap: time.Second, Overlap: true,
		},
		Ready:    host.Readiness{Exec: []string{"pg_isready", "-q"}, Timeout: 30 * time.Second},
		Watchdog: 5 * time.Second, Timeout: 10 * time.Minute, StartTimeout: 3 * time.Second, Isolate: 2, Group: "storage",
	}
	if diff := cmp.Diff(want, job.Tasks[0].Spec(host.Async, host.Env{})); diff != "" {
		t.Errorf("db (-want +got):\n%s", diff)
	}
	web := job.Tasks[1]
	if diff := cmp.Diff(map[string]host.Need{"db": host.NeedReady, "web-migrate": host.NeedSucceeded}, web.Needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	if web.Replicas != 3 || web.Restart != (host.Restart{When: host.RestartAlways, Max: host.Unlimited}) {
		t.Errorf("web: %+v", web)
	}
}

// TestSupervisionProblems: each text, and everything that is said of it.
func TestSupervisionProblems(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"durations", "deadline: 0s\nstart_timeout: soon\ntasks:\n  a: {kind: x, watchdog: 0s, timeout: 99999999999h, start_timeout: 5}\n",
			`j:1:11: "deadline" is "0s": expected a duration of more than 0, such as "5s"` + "\n" +
				`j:2:16: "start_timeout" is "soon": expected a duration of more than 0, such as "5s"` + "\n" +
				`j:4:26: "watchdog" is "0s": expected a duration of more than 0, such as "5s"` + "\n" +
				`j:4:39: "timeout" is "99999999999h": expected a duration of more than 0, such as "5s"` + "\n" +
				`j:4:68: "start_timeout" is 5: expected a string, such as "5s"`},
		{"groups", "groups:\n  a b: {}\n  c: {policy: stopall, strategy: all-for-one}\n  d:\ntasks: {}\n",
			`j:2:3: the field's name is "a b": expected 1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit, such as "storage"` + "\n" +
				`j:3:15: policy "stopall" is not one of propagate, stop-all, log-only: did you mean "stop-all"?` + "\n" +
				`j:3:34: strategy "all-for-one" is not one of one-for-one, one-for-all, rest-for-one: did you mean "one-for-one"?` + "\n" +
				`j:4:3: "d" is empty (null): expected an object`},
		{"restart", "tasks:\n  a: {kind: x, restart: {max: 0, factor: 0.5, within: 0s}}\n  b: {kind: x, restart: {when: allways, max: many, overlap: 1}}\n  c: {kind: x, restart: always}\n",
			`j:2:16: missing required field "when"` + "\n" +
				`j:2:31: "max" is 0: expected at least 1` + "\n" +
				`j:2:42: "factor" is 0.5: expected at least 1` + "\n" +
				`j:2:55: "within" is "0s": expected a duration of more than 0, such as "5s"` + "\n" +
				`j:3:32: when "allways" is not one of never, on-failure, always: did you mean "always"?` + "\n" +
				`j:3:46: "max" is "many": expected a whole number or "unlimited"` + "\n" +
				`j:3:61: "overlap" is 1: expected true or false` + "\n" +
				`j:4:25: "restart" is "always": expected an object` + "\n" +
				`j:4:25: write it as "restart: {when: always}"`},
		{"a cap below the first wait", "tasks:\n  a: {kind: x, restart: {when: always, cap: 50ms}}\n", `j:2:45: restart: cap 50ms is less than initial 100ms`},
		{"ready", "tasks:\n  a: {kind: x, ready: {log: '(up'}}\n  b: {kind: x, ready: {tcp: localhost}}\n  c: {kind: x, ready: {http: 'localhost:80'}}\n  d: {kind: x, ready: {exec: ['']}}\n  e: {kind: x, ready: {exec: pg_isready, timeout: x}}\n  f: {kind: x, ready: {}}\n",
			"j:2:29: ready: log: error parsing regexp: missing closing ): `(up`" + "\n" +
				`j:3:29: ready: tcp "localhost" is not host:port: write it like 127.0.0.1:5432 or [::1]:5432` + "\n" +
				`j:4:30: ready: http "localhost:80" is not a full http or https URL: write it like http://127.0.0.1:8080/health` + "\n" +
				`j:5:30: ready: exec names no program: give the program and its arguments as a list, like [pg_isready, -q]` + "\n" +
				`j:6:30: "exec" is "pg_isready": expected a list` + "\n" +
				`j:6:51: "timeout" is "x": expected a duration of more than 0, such as "5s"` + "\n" +
				`j:7:23: "ready" is an object: expected at least 1 field, not 0`},
		{"two ways to be ready", "tasks:\n  a:\n    kind: x\n    ready:\n      log: up\n      tcp: localhost:80\n", `j:5:7: ready: log and tcp are set together: give one of log, tcp, http and exec`},
		{"a bad expression of two lines", "tasks:\n  a: {kind: x, ready: {log: \"(\\n\"}}\n", "j:2:29: ready: log: error parsing regexp: missing closing ): `(\\n`"},
		{"isolate", "tasks:\n  a: {kind: x, isolate: {after: 0}, restart: {when: always}}\n  b: {kind: x, isolate: {}}\n  c: {kind: x, isolate: {after: 1}}\n  d: {kind: x, isolate: {after: 1}, restart: {when: never}}\n",
			`j:2:33: "after" is 0: expected at least 1` + "\n" +
				`j:3:16: missing required field "after"` + "\n" +
				`j:3:16: "isolate" is for a task that is begun again after a panic: give it a "restart" too` + "\n" +
				`j:4:16: "isolate" is for a task that is begun again after a panic: give it a "restart" too` + "\n" +
				`j:5:16: "isolate" is for a task that is begun again after a panic: give it a "restart" too`},
		{"an unknown group", "groups: {storage: {}}\ntasks:\n  a: {kind: x, group: storag}\n  b: {kind: x, group: db}\n  c: {kind: x, group: 5}\n",
			`j:3:23: there is no group "storag"; did you mean "storage"?` + "\n" +
				`j:4:23: there is no group "db"` + "\n" +
				`j:5:23: "group" is 5: expected a string, such as "storage"`},
		{"unknown needs", "tasks:\n  web:\n    kind: x\n    needs:\n      db: redy\n      dbb: ready\n      cache: started\n  db: {kind: x}\n  more: {kind: x, needs: [db]}\n",
			`j:5:11: db "redy" is not one of started, ready, succeeded, ended: did you mean "ready"?` + "\n" +
				`j:6:7: there is no task "dbb"; did you mean "db"?` + "\n" +
				`j:7:7: there is no task "cache"` + "\n" +
				`j:9:26: "needs" is a list: expected an object` + "\n" +
				`j:9:26: say what must hold of each: "needs: {db: ready}"`},
		{"needs of replicas", "tasks:\n  web: {kind: x, replicas: 2}\n  all: {kind: x, needs: {web: started}}\n  second: {kind: x, needs: {web-2: started}}\n  third: {kind: x, needs: {web-3: started, web-02: started}}\n",
			`j:5:28: there is no task "web-3": "web" has 2 replicas` + "\n" +
				`j:5:44: there is no task "web-02": "web" has 2 replicas`},
		{"itself", "tasks:\n  a: {kind: x, needs: {a: started}}\n", `j:2:24: its needs go in a circle: a needs a`},
		{"two circles", "tasks:\n  d: {kind: x, needs: {a: started}}\n  a:\n    kind: x\n    needs:\n      b: started\n  b: {kind: x, needs: {c: ready}}\n  c: {kind: x, needs: {a: started}}\n  e: {kind: x, needs: {f: started, d: ready}}\n  f: {kind: x, needs: {e: ended}}\n",
			`j:6:7: its needs go in a circle: a needs b needs c needs a` + "\n" +
				`j:9:24: its needs go in a circle: e needs f needs e`},
		{"a circle through a replica", "tasks:\n  a: {kind: x, replicas: 2, needs: {b: started}}\n  b: {kind: x, needs: {a-2: started}}\n", `j:2:37: its needs go in a circle: a needs b needs a`},
		{"replicas", "tasks:\n  a: {kind: x, replicas: 0}\n  b: {kind: x, replicas: 1001}\n  c: {kind: x, replicas: 1.5}\n",
			`j:2:26: "replicas" is 0: expected at least 1` + "\n" +
				`j:3:26: "replicas" is 1001: expected at most 1000` + "\n" +
				`j:4:26: "replicas" is 1.5: expected a whole number`},
		{"ids of replicas", "tasks:\n  a-1: {kind: x}\n  a: {kind: x, replicas: 2}\n  a-2: {kind: x, replicas: 1}\n  a-3: {kind: x}\n  a-02: {kind: x}\n",
			`j:3:3: "a-1" is the id of a replica too, and of the task at line 2: rename one of them` + "\n" +
				`j:4:3: "a-2" is the id of a replica of "a" too, which is at line 3: rename one of them`},
		{"a long id", "tasks:\n  " + strings.Repeat("x", 63) + ": {kind: x, replicas: 1}\n", `j:2:3: its replicas are called up to "` + strings.Repeat("x", 63) + `-1", and an id has at most 64 characters: shorten it`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := jobfile.Parse("j", []byte(tt.text))
			if diff := cmp.Diff(tt.want, problems.Error()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIsolateIsForModesOfTheHostsOwnProcess: the file's mode and the flag's count.
func TestIsolateIsForModesOfTheHostsOwnProcess(t *testing.T) {
	c, err := catalog.New(builtin.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	const task = `{kind: exec, config: {command: [x]}, isolate: {after: 1}, restart: {when: always}`
	text := "tasks:\n  a: " + task + ", mode: process}\n  b: " + task + "}\n"
	const refused = `"isolate" is for goroutine and async mode: this task runs in process mode, in a process of its own already`
	for mode, want := range map[string]string{
		"": "j:2:43: " + refused, "async": "j:2:43: " + refused, "process": "j:2:43: " + refused + "\nj:3:43: " + refused,
	} {
		if err := parse(t, text).Check(c, mode); err == nil || err.Error() != want {
			t.Errorf("mode %q: %v, want %s", mode, err, want)
		}
	}
}

// TestProblemsOfARunner: what only the host refuses gets the task's line.
func TestProblemsOfARunner(t *testing.T) {
	job := parse(t, "tasks:\n  a: {kind: x}\n  web:\n    kind: x\n    replicas: 2\n")
	err := errors.Join(
		errors.Join(&host.SpecError{Task: "web-2", Err: errors.New("no")}, nil),
		&host.SpecError{Task: "a", Err: errors.Join(errors.New("one"), errors.New("two"))}, errors.New("something else"),
	)
	want := `j:1:1: something else
j:2:3: task "a": one\ntwo
j:3:3: task "web-2": no`
	if got := job.Problems(err).Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := job.Problems(nil); got != nil {
		t.Errorf("of no error: %v", got)
	}
}
