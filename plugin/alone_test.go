package plugin_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// byHandWith starts this binary in a role with arguments and something on stdin.
func byHandWith(t *testing.T, role, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(quiet(), roleKey+"="+role)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestRunByHand: the result alone on stdout, the rest on stderr, and the exit
// statuses of hostelry run.
func TestRunByHand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"name":"Ada","list":["a"],"big":18446744073709551615}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, stdin string
		status      int
		stdout      string
		stderr      string // words that are in it, separated by |
	}{
		{"show --set name=Ada", "", 0, `{"attempt":1,"config":{"name":"Ada"},"id":"show"}`, "show succeeded in "},
		{"--set name=Ada show --attempt 3", "", 0, `{"attempt":3,"config":{"name":"Ada"},"id":"show"}`, ""},
		{`show --set name="12" --set list=["x"] --set inner.on=true --set inner.text=true.`, "", 0,
			`{"attempt":1,"config":{"name":"12","list":["x"],"inner":{"text":"true.","on":true}},"id":"show"}`, ""},
		{"show --config " + file + " --set list=null", "", 0, `{"attempt":1,"config":{"name":"Ada","big":18446744073709551615},"id":"show"}`, ""},
		{"show --config -", `{"name":"<Eve>"}`, 0, `{"attempt":1,"config":{"name":"\u003cEve\u003e"},"id":"show"}`, ""},

		{"show", "", 2, "", "the config lacks name: give --set name=VALUE"},
		{"show --set name=nobody", "", 2, "", "show failed (bad config for kind \"show\": nobody has a name)"},
		{"show --set name=Ada --set port=0 --set list=[]", "", 2, "", "the config does not fit: port: it is beyond minimum 1"},
		{"show --set name=5", "", 2, "", "bad config|name of type string"},
		{"show --set name=x --set nmae=y", "", 2, "", `bad config|unknown field "nmae"`},
		{"show --set name", "", 2, "", `--set "name": expected KEY=VALUE`},
		{"show --set .a=1", "", 2, "", "the key has an empty part"},
		{"show --config /nowhere.json", "", 2, "", "--config /nowhere.json: open /nowhere.json"},
		{"show --config -", `{"name":"x"} {`, 2, "", "--config -: it is not JSON: there is text after its JSON value"},
		{"show --config -", `[1]`, 2, "", "--config -: it is not a JSON object"},
		{"show --set name=x --attempt 0", "", 2, "", "--attempt 0: attempts count from 1"},
		{"show --set name=x --grace 0s", "", 2, "", "--grace 0s: expected more than 0"},
		{"show --set name=x --cpuprofile /nowhere/cpu", "", 2, "", "--cpuprofile: open /nowhere/cpu"},
		{"show --set name=x --checkpoint " + os.Args[0], "", 2, "", "--checkpoint: |is not JSON: name a file that an earlier run wrote"},
		{"", "", 2, "", "name a kind to run: show, polite, count,"},
		{"shwo", "", 2, "", `unknown kind "shwo": there is show, polite,`},
		{"show name=x", "", 2, "", `unexpected argument "name=x": a setting is given as --set KEY=VALUE`},
		{"show --nmae x", "", 2, "", "flag provided but not defined: -nmae|usage: |run KIND|--set KEY=VALUE|--checkpoint FILE"},

		{"fail", "", 1, `"as far as it got"`, "fail failed (out of ink) in "},
		{"panic", "", 1, "", "panic failed (panic: boom) in |handkinds_test.go:"},
		{"goexit", "", 1, "", "goexit failed (|Goexit|handkinds_test.go:"},
		{"clean-stop", "", 1, "", "clean-stop failed (stopped on request)"}, // nobody asked
	} {
		t.Run(c.args, func(t *testing.T) {
			stdout, stderr, status := byHandWith(t, "hand", c.stdin, append([]string{"run"}, strings.Fields(c.args)...)...)
			if c.stdout != "" {
				c.stdout += "\n"
			}
			if stdout != c.stdout || status != c.status {
				t.Errorf("exit status %d, stdout %q\nwant %d, %q; stderr\n%s", status, stdout, c.status, c.stdout, stderr)
			}
			for word := range strings.SplitSeq(c.stderr, "|") {
				if !strings.Contains(stderr, word) {
					t.Errorf("stderr\n%s\nlacks %q", stderr, word)
				}
			}
		})
	}
}

// What a task says goes to stderr, its progress a line now and then, the last one
// too.
func TestRunByHandSays(t *testing.T) {
	stdout, stderr, status := byHandWith(t, "hand", "", "run", "says")
	if stdout != "[1,2]\n" || status != 0 {
		t.Errorf("exit status %d, stdout %q", status, stdout)
	}
	for _, words := range []string{
		"on stdout\n", "on stderr\n", "level=WARN msg=\"by default\" n=7\n", "level=ERROR msg=\"by task\" n=8\n",
		"level=INFO msg=ready\n", "progress 1 of 1000 (0%): steps\n", "progress 1000 of 1000 (100%): steps\nsays succeeded in ",
	} {
		if strings.Count(stderr, words) != 1 {
			t.Errorf("stderr\n%s\nhas %q %d times", stderr, words, strings.Count(stderr, words))
		}
	}
	if n := strings.Count(stderr, "progress"); n > 10 {
		t.Errorf("%d lines of progress", n)
	}
}

// TestCheckpointFile: what one attempt leaves, the next one begins with.
func TestCheckpointFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "checkpoint")
	for _, want := range []struct {
		attempt      string
		status       int
		stdout, kept string
	}{{"1", 1, "", "3\n"}, {"2", 1, "", "6\n"}, {"4", 0, "10\n", "10\n"}} {
		stdout, stderr, status := byHandWith(t, "hand", "", "run", "count", "--attempt", want.attempt, "--checkpoint", file)
		kept, err := os.ReadFile(file)
		if stdout != want.stdout || status != want.status || string(kept) != want.kept || err != nil {
			t.Errorf("attempt %s: exit status %d, stdout %q, kept %q, %v; want %+v; stderr\n%s",
				want.attempt, status, stdout, kept, err, want, stderr)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(file)); len(left) != 1 || err != nil {
		t.Errorf("beside the checkpoint there is %v, %v", left, err)
	}
	if stdout, _, status := byHandWith(t, "hand", "", "run", "count", "--attempt", "4"); stdout != "10\n" || status != 0 {
		t.Errorf("without a file: exit status %d, stdout %q", status, stdout)
	}
	_, stderr, status := byHandWith(t, "hand", "", "run", "count", "--checkpoint", "/nowhere/checkpoint")
	if status != 1 || !strings.Contains(stderr, "count failed (") {
		t.Errorf("where nothing can be kept: exit status %d, stderr\n%s", status, stderr)
	}
}

func TestCPUProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cpu")
	if _, stderr, status := byHandWith(t, "hand", "", "run", "says", "--cpuprofile", file); status != 0 {
		t.Fatalf("exit status %d\n%s", status, stderr)
	}
	if profile, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(profile, []byte{0x1f, 0x8b}) {
		t.Errorf("the profile has %d bytes, %v", len(profile), err)
	}
}
