package plugin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/wire"
)

// byHand starts this binary in a role, as a person would, and returns what it
// printed and its exit status.
func byHand(t *testing.T, role string, env ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(quiet(), roleKey+"="+role), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestByHand: without a host, a plugin says what it is and how to run it.
func TestByHand(t *testing.T) {
	for name, env := range map[string][]string{
		"plainly": nil, "with the cookie of another program": {wire.CookieKey + "=1"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, status := byHand(t, "good", env...)
			want := explained()
			if stderr != want || stdout != "" || status != 2 {
				t.Errorf("exit status %d, stdout %q, stderr\n%s\nwant\n%s", status, stdout, stderr, want)
			}
		})
	}
}

// explained is what the role "good" says of itself.
func explained() string {
	file, dir := os.Args[0], filepath.Dir(os.Args[0])
	return `good 1.2.3 is a Hostelry plugin: a host starts it, and runs tasks in it.

It offers:
  digest  Does digest.
      depth (integer)
      mode (string, default fast, one of [fast slow])
      root (string, required)  the directory to hash
  tick  Does tick.

To run one by a host:
  hostelry plugin show --plugins ` + dir + ` digest
  hostelry run --plugins ` + dir + ` digest --set KEY=VALUE

To run one in this one process, for a debugger, profiler or tracer; Ctrl-C stops it:
  ` + file + ` run digest --set KEY=VALUE

To serve hosts that somebody else starts, under a debugger; it says what to tell them:
  ` + file + ` serve --attach

To see what it offers, for programs as JSON:
  ` + file + ` describe [--json]

Each has --help.
`
}

// TestHelp is no mistake, so that it goes to stdout.
func TestHelp(t *testing.T) {
	for _, word := range []string{"help", "--help", "-h"} {
		if stdout, stderr, status := byHandWith(t, "good", "", word); stdout != explained() || stderr != "" || status != 0 {
			t.Errorf("%s: exit status %d, stderr %q, stdout\n%s", word, status, stderr, stdout)
		}
	}
	for command, flag := range map[string]string{"run": "--set KEY=VALUE", "describe": "--json", "serve": "--attach"} {
		stdout, stderr, status := byHandWith(t, "good", "", command, "--help")
		if !strings.HasPrefix(stdout, "usage: ") || !strings.Contains(stdout, "\n  "+flag+"\n") || stderr != "" || status != 0 {
			t.Errorf("%s --help: exit status %d, stderr %q, stdout\n%s", command, status, stderr, stdout)
		}
	}
}

// TestUnknown: what there is not is refused, with what there is.
func TestUnknown(t *testing.T) {
	for args, want := range map[string]string{
		"rnu":              `unknown command "rnu": there is run, describe, serve and help`,
		"describe digest":  `unexpected argument "digest": see describe --help`,
		"describe --yaml":  "flag provided but not defined: -yaml\nusage: " + filepath.Base(os.Args[0]) + " describe [--json]\n",
		"serve":            "say serve --attach: a host that starts the plugin itself needs no command",
		"serve --attach x": `unexpected argument "x": see serve --help`,
	} {
		stdout, stderr, status := byHandWith(t, "good", "", strings.Fields(args)...)
		if !strings.HasPrefix(stderr, filepath.Base(os.Args[0])+": "+want) || stdout != "" || status != 2 {
			t.Errorf("%s: exit status %d, stdout %q, stderr\n%s\nwant %s", args, status, stdout, stderr, want)
		}
	}
}

func TestDescribeByHand(t *testing.T) {
	stdout, stderr, status := byHandWith(t, "good", "", "describe")
	want := "good 1.2.3\n\n  digest  Does digest.\n      depth (integer)\n"
	if !strings.HasPrefix(stdout, want) || stderr != "" || status != 0 {
		t.Errorf("exit status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	stdout, stderr, status = byHandWith(t, "good", "", "describe", "--json")
	var d wire.Description
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || stderr != "" || status != 0 {
		t.Fatalf("exit status %d, stderr %q, stdout\n%s: %v", status, stderr, stdout, err)
	}
	if d.Name != "good" || d.Version != "1.2.3" || len(d.Kinds) != 2 || !json.Valid(d.Kinds[0].ConfigSchema) {
		t.Errorf("it describes itself as %+v", d)
	}
}

// TestNotServable: what an author got wrong is said in one line, with and without
// a host.
func TestNotServable(t *testing.T) {
	for role, want := range map[string]string{
		"no kinds":     `plugin "good" cannot be served: it offers no kinds: give plugin.Main at least one`,
		"bad name":     `plugin "No Name" cannot be served: name "No Name": use 1 to 64 of a-z`,
		"no info":      `plugin "" cannot be served: name "": use 1 to 64 of a-z`,
		"bad version":  `plugin "good" cannot be served: its version "v1" is not a semantic version such as 0.1.0`,
		"zero kind":    `plugin "good" cannot be served: task kind is empty: make it with task.NewKind`,
		"no maker":     `plugin "good" cannot be served: task kind "digest" has no constructor`,
		"bad kind":     `plugin "good" cannot be served: name "Digest": use 1 to 64 of a-z`,
		"not a struct": `plugin "good" cannot be served: task kind "digest": its config type string is not a struct`,
		"channel":      `plugin "good" cannot be served: kind "digest": no JSON Schema for struct { C chan int }: field C: JSON does not decode into a chan int`,
		"no end":       `plugin "good" cannot be served: kind "digest": no JSON Schema for plugin_test.endless: field Inner: plugin_test.endless contains itself`,
		"twice":        `plugin "good" cannot be served: it offers the kind "digest" twice`,
	} {
		t.Run(role, func(t *testing.T) {
			for _, env := range []string{"", wire.CookieKey + "=" + wire.CookieValue} {
				stdout, stderr, status := byHand(t, role, env)
				if !strings.HasPrefix(stderr, want) || strings.Count(stderr, "\n") != 1 || stdout != "" || status != 2 {
					t.Errorf("with %q: exit status %d, stdout %q, stderr\n%s\nwant\n%s", env, status, stdout, stderr, want)
				}
			}
		})
	}
}

// TestHostIsIncomplete: a host that does not say all that a plugin needs.
func TestHostIsIncomplete(t *testing.T) {
	for want, env := range map[string]string{
		`plugin "good" cannot be served: PLUGIN_CLIENT_CERT holds no certificate`: "PLUGIN_CLIENT_CERT=me",
		`plugin "good" cannot be served: listen unix /nowhere/`:                   wire.SocketDirKey + "=/nowhere",
	} {
		stdout, stderr, status := byHand(t, "good", wire.CookieKey+"="+wire.CookieValue, env)
		if !strings.HasPrefix(stderr, want) || strings.Count(stderr, "\n") != 1 || stdout != "" || status != 1 {
			t.Errorf("with %s: exit status %d, stdout %q, stderr\n%s", env, status, stdout, stderr)
		}
	}
}

// TestServeSelfReturns in a program that a person started.
func TestServeSelfReturns(t *testing.T) {
	plugin.ServeSelf(tasks()...)
	plugin.ServeSelf()
	if stdout, stderr, status := byHand(t, "self"); stdout != "on with main\n" || stderr != "" || status != 0 {
		t.Errorf("exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}
