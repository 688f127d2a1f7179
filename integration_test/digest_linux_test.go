package integration_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The command's digest equals the shell's, whatever the files are called.
func TestDigestEqualsTheShells(t *testing.T) {
	leavesNothing(t)
	root := t.TempDir()
	for i, name := range []string{
		"plain", ".hidden", "two words", "new\nline", `back\slash`, "tab\there", "ümläut", "*", "-n", "sub/deep/a", "sub-/b", "sub/c",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, strings.Repeat(name, i*1000), 0o600)
	}
	for old, name := range map[string]string{"plain": "link", ".": "loop"} {
		if err := os.Symlink(old, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	shell := exec.Command("sh", "-c", "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum")
	shell.Dir = root
	want, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}

	c := hostelry(t, "run", "--plugins", pluginDir(t, "digest"), "digest", "--set", "root="+root, "--output", "json")
	status, summary := c.finish()
	if status != 0 || summary.Status != "succeeded" || len(summary.Tasks) != 1 {
		t.Fatalf("status %d, summary %+v\n%s", status, summary, &c.stderr)
	}
	var digest struct {
		Files  int
		SHA256 string
	}
	if err := json.Unmarshal(summary.Tasks[0].Result, &digest); err != nil {
		t.Fatal(err)
	}
	if digest.Files != 12 || digest.SHA256 != strings.Fields(string(want))[0] {
		t.Errorf("the digest is %+v, the shell's is %s", digest, want)
	}
}

// Every policy, with one task that fails and two that would go on for ever.
func TestPoliciesOfTheCommand(t *testing.T) {
	plugins := pluginDir(t, "misbehave", "tick")
	for policy, others := range map[string]string{"stop-all": "stopped", "propagate": "stopped", "log-only": "succeeded"} {
		t.Run(policy, func(t *testing.T) {
			leavesNothing(t)
			job := jobFile(t, `
tasks:
  one: {kind: tick, config: {interval: 10ms, count: 30}}
  two: {kind: tick, config: {interval: 10ms, count: 30}}
  bad: {kind: misbehave, config: {how: signal, after: 20ms}}
mode: process
`)
			c := hostelry(t, "run", job, "--plugins", plugins, "--policy", policy, "--output", "json")
			status, summary := c.finish()
			if status != 1 || summary.Status != "failed" || len(summary.Tasks) != 3 {
				t.Fatalf("status %d, summary %+v", status, summary)
			}
			for _, task := range summary.Tasks[:2] {
				if task.State != others {
					t.Errorf("%s is %s, want %s", task.ID, task.State, others)
				}
			}
			if bad := summary.Tasks[2]; bad.State != "failed" || bad.Error.Outcome != "signalled" || bad.Error.Signal != "killed" {
				t.Errorf("bad is %s, %+v", bad.State, bad.Error)
			}
		})
	}
}
