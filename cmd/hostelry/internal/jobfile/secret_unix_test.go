//go:build unix

package jobfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hostelry-run/hostelry/cmd/hostelry/internal/jobfile"
	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/shared/task"
)

type loginConfig struct {
	User  string   `json:"user"`
	Token string   `json:"token,omitempty" jsonschema:"minLength=4"        jsonschema_extras:"secret=true"`
	Keys  []string `json:"keys,omitempty"  jsonschema_extras:"secret=true"`
	Free  any      `json:"free,omitempty"`
}

func logins(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.New(task.NewKind("login", func(loginConfig) (task.Task, error) { return idle{}, nil }))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSecretsFromElsewhere: the environment and files, in the place of secrets and
// there alone.
func TestSecretsFromElsewhere(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"token": "from a file\r\n", "lines": "one\ntwo\n\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TOKEN", "from the environment\n")
	job := parse(t, `tasks:
  env: {kind: login, config: {user: a, token: {env: TOKEN}}}
  file: {kind: login, config: &c {user: b, token: {file: token}}}
  again: {kind: login, config: *c}
  list: {kind: login, config: {user: c, keys: [{env: TOKEN}, {file: lines}, plain]}}
  absolute: {kind: login, config: {user: d, token: {file: "`+filepath.ToSlash(dir)+`/token"}}}
  elsewhere: {kind: login, config: {user: e, free: {env: TOKEN}}}
  none: {kind: login, config: {user: f}}
`)
	job.Dir = dir
	if err := job.Check(logins(t), ""); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, task := range job.Tasks {
		got = append(got, string(task.Config))
	}
	want := []string{
		`{"token":"from the environment\n","user":"a"}`, `{"token":"from a file","user":"b"}`, `{"token":"from a file","user":"b"}`,
		`{"keys":["from the environment\n","one\ntwo\n","plain"],"user":"c"}`, `{"token":"from a file","user":"d"}`,
		`{"free":{"env":"TOKEN"},"user":"e"}`, `{"user":"f"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configs (-want +got):\n%s", diff)
	}
}

// TestSecretsThatAreNotThere: each is a problem at its place, and shows nothing. The
// system's errors read so on unix.
func TestSecretsThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"binary": "\xff", "large": strings.Repeat("x", 64<<10+1), "short": "abc\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SHORT", "abc")
	job := parse(t, `tasks:
  unset: {kind: login, config: {user: a, token: {env: NOT_SET}}}
  missing: {kind: login, config: {user: a, token: {file: nothing}}}
  binary: {kind: login, config: {user: a, token: {file: binary}}}
  large: {kind: login, config: {user: a, token: {file: large}}}
  folder: {kind: login, config: {user: a, token: {file: .}}}
  unnamed: {kind: login, config: {user: a, token: {env: 5}, keys: [{file: }]}}
  short: {kind: login, config: {user: a, token: {env: SHORT}, keys: [{other: abc}]}}
  short-file: {kind: login, config: {user: a, token: {file: short}}}
  number: {kind: login, config: {user: a, token: 4711}}
  two: {kind: login, config: {user: a, token: {env: SHORT, file: short}}}
`)
	job.Dir = dir
	want := `j:2:55: the environment variable "NOT_SET" is not set: it is to hold the secret
j:3:58: cannot read the secret in nothing: no such file or directory
j:4:57: the secret in binary is not valid UTF-8
j:5:56: large is larger than 64 KiB: is it a secret?
j:6:57: cannot read the secret in .: is a directory
j:7:57: "env" names an environment variable that holds the secret
j:7:69: "file" names a file that holds the secret
j:8:49: "token" is ***: expected at least 4 characters
j:8:70: item 1 of "keys" is ***: expected a string
j:9:54: "token" is ***: expected at least 4 characters
j:10:50: "token" is ***: expected a string
j:11:47: "token" is ***: expected a string`
	if err := job.Check(logins(t), ""); err == nil || cmp.Diff(want, err.Error()) != "" {
		t.Errorf("problems (-want +got):\n%s", cmp.Diff(want, err.Error()))
	}
}

func TestSecretsOfSettings(t *testing.T) {
	t.Setenv("TOKEN", "hunter2")
	kind, err := logins(t).Lookup("login")
	if err != nil {
		t.Fatal(err)
	}
	got, err := jobfile.ConfigFor(kind, []string{"user={env: TOKEN}", "token.env=TOKEN", "keys=[{env: TOKEN}]"})
	if want := `{"keys":["hunter2"],"token":"hunter2","user":{"env":"TOKEN"}}`; err != nil || string(got) != want {
		t.Errorf("ConfigFor = %s, %v, want %s", got, err, want)
	}
	for setting, want := range map[string]string{
		"token={env: NOT_SET}": `--set: the environment variable "NOT_SET" is not set: it is to hold the secret`,
		"token=[hunter2":       `--set "token": the value is not YAML: YAML syntax: sequence end token ']' not found`,
	} {
		if got, err := jobfile.ConfigFor(kind, []string{setting}); got != nil || err == nil || err.Error() != want {
			t.Errorf("%s: %s, %v", setting, got, err)
		}
	}
}
