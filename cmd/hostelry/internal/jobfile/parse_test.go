package jobfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
)

const ok = "tasks: {}\n"

// TestParseProblems: each text, and everything that is said of it.
func TestParseProblems(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", `j:1:1: the job file is empty: it needs at least "tasks:" with a task`},
		{"only comments", "# a\n\n# b\n", `j:1:1: the job file is empty: it needs at least "tasks:" with a task`},
		{"only marks", "---\n...\n", `j:1:1: the job file is empty: it needs at least "tasks:" with a task`},
		{"no tasks at all", "mode: process\n", `j:1:1: missing required field "tasks"`},
		{"not an object", "just text\n", "j:1:1: the value is \"just text\": expected an object"},
		{"a list", "- a\n", "j:1:1: the value is a list: expected an object"},
		{"two documents", ok + "---\n" + ok, "j:3:1: a second document begins here: a job file is one document"},
		{"a directive", "%YAML 1.2\n---\n" + ok, ""},
		{"a byte order mark", "\uFEFFtask: {}\n", "j:1:1: missing required field \"tasks\"\nj:1:1: unknown field \"task\": did you mean \"tasks\"? (known: plugins, mode, policy, grace, deadline, start_timeout, env, share, max_tasks, warm, groups, tasks)"},
		{"CRLF", "mode: async\r\ntasks:\r\n  a: {kind: 5}\r\n", `j:3:13: "kind" is 5: expected a string, such as "exec"`},
		{"a tab", "tasks:\n\ta: {kind: x}\n", "j:2:1: YAML syntax: a tab cannot indent YAML: use spaces"},
		{"NUL", "tasks:\x00 {}\n", `j:1:7: control character '\x00' is not allowed in YAML`},
		{"not UTF-8", "é: 1\ntasks: \xff\n", "j:2:8: byte 0xff is not valid UTF-8: save the file as UTF-8"},
		{"syntax", "tasks: {a: {kind: x}\n", "j:1:8: YAML syntax: could not find flow mapping end token '}'"},
		{"syntax, in a block", "tasks:\n  a: b: c\n", "j:2:6: YAML syntax: mapping value is not allowed in this context"},
		{"wide letters", "tasks: {é: {kind: x, ü: 1}}\n", "j:1:9: the field's name is \"é\": expected 1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit, such as \"fetch-2\"\nj:1:22: unknown field \"ü\" (known: kind, mode, config, env, limits, share, max_tasks, warm, needs, restart, ready, watchdog, timeout, start_timeout, isolate, replicas, group)"},
		{"a duplicate id", "tasks:\n  a: {kind: x}\n  b: {kind: x}\n  a: {kind: y}\n", `j:4:3: "a" is given twice: first at line 2`},
		{"a duplicate key", "mode: async\ntasks: {}\nmode: process\n", `j:3:1: "mode" is given twice: first at line 1`},
		{"a bad grace", ok + "grace: 5\n", `j:2:8: "grace" is 5: expected a string, such as "5s"`},
		{"another bad grace", ok + "grace: soon\n", `j:2:8: "grace" is "soon": expected a duration of more than 0, such as "5s"`},
		{"a grace less than nothing", ok + "grace: -1s\n", `j:2:8: "grace" is "-1s": expected a duration of more than 0, such as "5s"`},
		{"a bad size", "tasks: {a: {kind: x, limits: {memory: lots}}}\n", `j:1:39: "memory" is "lots": expected a size, such as "512MiB"`},
		{"a grace of nothing", ok + "grace: 0s\n", `j:2:8: "grace" is "0s": expected a duration of more than 0, such as "5s"`},
		{"a grace without end", ok + "grace: 99999999999h\n", `j:2:8: "grace" is "99999999999h": expected a duration of more than 0, such as "5s"`},
		{"a bad policy", ok + "policy: stopall\n", `j:2:9: policy "stopall" is not one of propagate, stop-all, log-only: did you mean "stop-all"?`},
		{"a field of the future", "tasks:\n  a:\n    kind: x\n    schedule: daily\n", `j:4:5: unknown field "schedule" (known: kind, mode, config, env, limits, share, max_tasks, warm, needs, restart, ready, watchdog, timeout, start_timeout, isolate, replicas, group)`},
		{"a value that is missing", "tasks:\n  a:\n  b:\n    kind:\n", "j:2:3: \"a\" is empty (null): expected an object\nj:4:5: \"kind\" is empty (null): expected a string, such as \"exec\""},
		{"plugins", ok + "plugins: {dirr: x, build: [a, 2]}\n", "j:2:1: missing required field \"dir\"\nj:2:11: unknown field \"dirr\": did you mean \"dir\"? (known: dir, build)\nj:2:31: item 2 of \"build\" is 2: expected a string"},
		{"no anchor", "tasks: {a: *b}\n", "j:1:12: *b stands for nothing: there is no &b before it"},
		{"an anchor in itself", "tasks: &a {b: {kind: x, config: {c: *a}}}\n", "j:1:37: *a stands for something that it is itself part of"},
		{"a merge of no object", "tasks: {a: {kind: x, <<: 5}}\n", "j:1:26: << merges objects: use an alias of one, such as *name, or a list of aliases"},
		{"a complex key", "tasks: {}\n? [a]\n: 1\n", "j:3:1: YAML syntax: found an invalid key for this map"},
		{"an alias as a key", "mode: &m async\ntasks: {}\n*m : 1\n", "j:3:1: a key must be plain text"},
		{"tags", "tasks: {a: {kind: !!str x, config: {n: !!int a, m: !foo b, o: !!binary aa}}}\n", "j:1:40: the tag !!int does not fit its value\nj:1:52: the tag !foo is not supported: remove it\nj:1:63: the tag !!binary is not supported: remove it"},
		{"numbers that are none", "tasks: {a: {kind: x, config: {a: .inf, b: -.INF, c: .nan, d: 017}}}\n", "j:1:34: .inf is not a number that JSON can hold: use a finite one\nj:1:43: -.INF is not a number that JSON can hold: use a finite one\nj:1:53: .nan is not a number that JSON can hold: use a finite one\nj:1:62: a number with a leading 0 means different things to different readers of YAML: write it in quotes, without the 0, or as 0o17 if it is octal"},
		{"a huge number", "tasks: {a: {kind: x, config: {a: 1e999999999}}}\n", "j:1:34: 1e999999999 is not a number within 1e400 and 400 digits"},
		{"deep flow", strings.Repeat("[", 5000), "j:1:101: nested deeper than 100 levels"},
		{"deep block", strings.Repeat("- ", 5000), "j:1:201: nested deeper than 100 levels"},
		{"deep objects", strings.Repeat("{a: ", 5000), "j:1:401: nested deeper than 100 levels"},
		{"very large", "#" + strings.Repeat("x", 1<<20), "j: the file is larger than 1024 KiB: is it a job file?"},
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

// TestParseReportsAllAtOnce: one file with one problem of each kind, in its order.
func TestParseReportsAllAtOnce(t *testing.T) {
	_, problems := jobfile.Parse("all.yaml", []byte(`mode: proces
polcy: stop-all
tasks:
  one:
    kind: digest
    config: [.]
  two:
    kind: {}
  one:
    kind: tick
`))
	want := `all.yaml:1:7: mode "proces" is not one of goroutine, async, process: did you mean "process"?
all.yaml:2:1: unknown field "polcy": did you mean "policy"? (known: plugins, mode, policy, grace, deadline, start_timeout, env, share, max_tasks, warm, groups, tasks)
all.yaml:6:13: "config" is a list: expected an object
all.yaml:8:11: "kind" is an object: expected a string, such as "exec"
all.yaml:9:3: "one" is given twice: first at line 4`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// TestAliasesDoNotUnfoldWithoutEnd: a "billion laughs" is refused, and quickly.
func TestAliasesDoNotUnfoldWithoutEnd(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		p, c := string(rune('0'+i-1)), string(rune('0'+i))
		text += "a" + c + ": &a" + c + " [" + strings.TrimSuffix(strings.Repeat("*a"+p+",", 9), ",") + "]\n"
	}
	_, problems := jobfile.Parse("j", []byte(text))
	if !strings.Contains(problems.Error(), "unfold to more than 100000 values") {
		t.Errorf("problems: %v", problems)
	}
}

// FuzzParse: no text brings the reader down, every problem has a message and a
// place in the file, and a file without problems reads the same again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "tasks: {}\n", "mode: proces\ntasks: {a: {kind: x, config: {n: 1e400}}}\n",
		"tasks:\n  a: &x {kind: exec, config: {command: [ls, -l]}}\n  b: *x\n  c: {<<: *x, mode: async}\n",
		"? [a]\n: {b: !!str 5}\n", "a: |\n  x\n\tb", "---\n...\n--- \n%YAML", "\uFEFFa: \"\\ud800\"\r\n", "&a [*a]", "!!map {a: !!int 'x'}",
		"plugins: {dir: p, build: [./a]}\ngrace: 1h\npolicy: log-only\ntasks: {}\n", "{a: 1, a: 2, <<: [*b]}", "- - - - ? ? &a !b",
		"groups: {g: {}}\ntasks:\n  a: {kind: x, replicas: 2, needs: {b: ready}, group: h, ready: {log: \"(\\n\"}}\n  b: {kind: x, needs: {a-1: ended, c: started}, restart: {when: always, cap: 1ms}}\n  \"a\\n\": {needs: [b], restart: never}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, problems := jobfile.Parse("j", text)
		lines := strings.Count(string(text), "\n") + 1
		for _, p := range problems {
			if p.Message == "" || strings.ContainsAny(p.Message, "\n\r\x00") {
				t.Errorf("message %q of %q", p.Message, text)
			}
			if p.Line < 1 || p.Column < 1 || p.Line > lines {
				t.Errorf("problem %q is at %d:%d of %d lines: %q", p.Message, p.Line, p.Column, lines, text)
			}
		}
		_, again := jobfile.Parse("j", text)
		if again.Error() != problems.Error() {
			t.Errorf("read twice: first %v, then %v", problems, again)
		}
	})
}
