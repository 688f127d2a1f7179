package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hostelry-run/hostelry/shared/task"
)

// config says which tree to digest.
type config struct {
	// Root is the directory, absolute or relative to From.
	Root string `json:"root" jsonschema:"minLength=1" jsonschema_description:"The directory to digest: absolute, or relative to what from says"`
	// From is fromCwd, which is the default, or fromGoroot.
	From string `json:"from,omitempty" jsonschema:"enum=cwd,enum=goroot,default=cwd" jsonschema_description:"What a relative root is relative to: cwd is the working directory, goroot is Go's own tree"`
}

// The values of config.From.
const (
	fromCwd    = "cwd"
	fromGoroot = "goroot"
)

// check finds what the schema cannot: a host may not have looked at it.
func (c config) check() error {
	switch {
	case c.Root == "":
		return errors.New(`root is empty: name a directory, such as "."`)
	case c.From != "" && c.From != fromCwd && c.From != fromGoroot:
		return fmt.Errorf("from is %q: use %q or %q", c.From, fromCwd, fromGoroot)
	}
	return nil
}

// directory resolves root to a directory that exists, free of symbolic links, as
// a shell's cd would enter it. Its errors are permanent.
func (c config) directory(ctx context.Context) (string, error) {
	root := c.Root
	if c.From == fromGoroot && !filepath.IsAbs(root) {
		goroot, err := findGoroot(ctx)
		if err != nil {
			return "", err
		}
		root = filepath.Join(goroot, root)
	}
	dir, err := filepath.EvalSymlinks(root)
	if err != nil {
		return "", badRoot(root, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", badRoot(root, err)
	}
	if !info.IsDir() {
		return "", badRoot(root, errors.New("it is not a directory"))
	}
	return dir, nil
}

func badRoot(root string, err error) error {
	hint := "set root to a directory that exists"
	if wd, wdErr := os.Getwd(); wdErr == nil && !filepath.IsAbs(root) {
		hint += ", absolute or relative to " + wd
	}
	return task.Permanent(fmt.Errorf("root %q: %w: %s", root, err, hint))
}

// findGoroot asks the go command, which knows about toolchains that it chose
// itself.
func findGoroot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", task.Permanent(fmt.Errorf("from is %q, but `go env GOROOT` failed: %w: put the go command on PATH, or use an absolute root", fromGoroot, err))
	}
	return strings.TrimSpace(string(out)), nil
}
