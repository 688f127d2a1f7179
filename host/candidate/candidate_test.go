//go:build unix

package candidate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hostelry-run/hostelry/host/candidate"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// The plugin is this test binary, under another name.
func Example() {
	dir, err := os.MkdirTemp("", "candidate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file, err := link(dir, "good")
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := candidate.New(file, slog.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	instance, err := c.Start(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	p := instance.(conformance.Process)
	p.HangUp()
	<-p.Done()
	fmt.Println(c.PluginName(), p.Status())
	fmt.Println(p.Fate())
	p.Close()
	// Output:
	// good 0
	// its process ended with exit status 0
}

func TestNew(t *testing.T) {
	dir := t.TempDir()
	for file, want := range map[string]string{
		filepath.Join(dir, "missing"): "no such file",
		dir:                           "is no regular file: name the plugin's executable",
	} {
		if _, err := candidate.New(file, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New of %s: %v", file, err)
		}
	}
}

// TestNotAPlugin: the error is that of a host.
func TestNotAPlugin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(file, []byte("#!/bin/sh\necho hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]string{
		0o644: "make it executable: chmod +x " + file,
		0o755: `"hello" is not a plugin's handshake`,
	} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		c, err := candidate.New(file, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Start(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start: %v, want %q in it", err, want)
		}
		if name := c.PluginName(); name != "" {
			t.Errorf("its name says that it is plugin %q", name)
		}
		c.Close()
	}
}

// TestStartByHand: as a person sees it, and bounded.
func TestStartByHand(t *testing.T) {
	t.Setenv("HOSTELRY_PLUGIN", "c2b7e7a0-9d0b-4d3c-8f39-5d0c3a6f1b52") // who tests may be a plugin's child
	stdout, stderr, status, err := open(t, "good").StartByHand(t.Context())
	if stdout != "" || !strings.Contains(stderr, "good 1.2.3 is a") || status != 2 || err != nil {
		t.Errorf("it said %q and %q, exit status %d, %v", stdout, stderr, status, err)
	}
	stdout, _, status, err = open(t, "flood").StartByHand(t.Context())
	if len(stdout) != 64<<10 || status != 5 || err != nil {
		t.Errorf("of a flood %d bytes are kept, exit status %d, %v", len(stdout), status, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, _, err := open(t, "mute").StartByHand(ctx); err == nil || !strings.Contains(err.Error(), "it did not end") {
		t.Errorf("who does not end: %v", err)
	}
}

// TestFamily are the processes of the plugin's group, and none is left by Close.
func TestFamily(t *testing.T) {
	instance, err := open(t, "good").Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := instance.(conformance.Process)
	family, err := p.Family()
	if runtime.GOOS != "linux" {
		if err == nil {
			t.Error("this system tells of a plugin's processes")
		}
	} else if err != nil || len(family) != 0 {
		t.Errorf("its processes are %v, %v", family, err)
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	<-p.Done()
	if p.Status() != -1 || p.Fate() != "its process was killed by signal 9 (killed)" {
		t.Errorf("exit status %d, %s", p.Status(), p.Fate())
	}
	p.Close()
}

func TestCheckSchema(t *testing.T) {
	c := open(t, "good")
	const schema = `{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}`
	for _, row := range []struct{ schema, config, want string }{
		{schema, "", ""},
		{schema, `{"a":1}`, ""},
		{schema, `{}`, `missing required field "a"`},
		{schema, `{"a":`, "unexpected EOF"},
		{`{"type":7}`, "", "bad schema"},
		{``, `{}`, ""},
		{``, `[]`, "object"},
	} {
		var config json.RawMessage
		if row.config != "" {
			config = json.RawMessage(row.config)
		}
		err := c.CheckSchema(json.RawMessage(row.schema), config)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("schema %s, config %s: %v", row.schema, row.config, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	d, err := open(t, "good").Describe(t.Context())
	if err != nil || d.Name != "good" || d.Version != "1.2.3" || len(d.Kinds) != 2 {
		t.Errorf("Describe = %+v, %v", d, err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("out of patience"))
	defer cancel()
	if d, err := open(t, "mute").Describe(ctx); err == nil || !strings.Contains(err.Error(), "out of patience") {
		t.Errorf("of one that does not answer: %+v, %v", d, err)
	}
}
