//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hostelry-run/hostelry/plugin"
	"github.com/hostelry-run/hostelry/shared/task"
)

// gossipFile is the name under which this binary is a plugin that tells its secret
// in every way there is.
const gossipFile = "hostelry-gossip"

type gossipConfig struct {
	Token   string   `json:"token"             jsonschema:"minLength=8,example=sesame"                                            jsonschema_extras:"secret=true"`
	Keys    []string `json:"keys,omitempty"    jsonschema_extras:"secret=true"`
	How     string   `json:"how,omitempty"     jsonschema:"enum=return,enum=fail,enum=panic,enum=exit,enum=refuse,default=return"`
	Retries int      `json:"retries,omitempty" jsonschema:"minimum=0,maximum=9,default=3,example=1,example=2"`
}

// gossip serves the plugin.
func gossip() {
	plugin.Main(plugin.Info{Name: "gossip", Version: "0.1.0"}, task.NewKind("gossip", func(c gossipConfig) (task.Task, error) {
		if c.How == "refuse" {
			return nil, errors.New("refused with " + c.Token)
		}
		return task.Func(c.run), nil
	}))
}

func (c gossipConfig) run(ctx context.Context) (any, error) {
	all := fmt.Sprintf("%s %q %v", c.Token, c.Token, c.Keys)
	task.Progress(ctx, 1, 2, all)
	task.Logger(ctx).With("with", c.Token).Info(all, "config", c, slog.Group("group", "key", []byte(all)))
	slog.Warn(all)
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		fmt.Fprintln(f, all)
		fmt.Fprintln(f, strings.Repeat("x", 64<<10-9)+c.Token)
		fmt.Fprintln(f, strings.Repeat("x", 500-9)+c.Token)
	}
	switch c.How {
	case "fail":
		return c, errors.New(all)
	case "panic":
		panic(all)
	case "exit":
		fmt.Fprintln(os.Stderr, "panic: "+all)
		os.Exit(3)
	}
	return map[string]any{"config": c, c.Token: all, "retries": c.Retries}, nil
}

// copyGossip makes the plugin, and returns its directory.
func copyGossip(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, gossipFile), binary, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
