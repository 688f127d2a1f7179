// Package candidate starts a plugin that is to be tested: from its file, as a host
// does, but with its hands on what a host keeps to itself, such as the connection. It
// is what package conformance tests where it tests a binary. Authors of plugins use
// `hostelry plugin test`.
package candidate

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/hostelry-run/hostelry/host/catalog"
	"github.com/hostelry-run/hostelry/host/internal/keeper"
	"github.com/hostelry-run/hostelry/host/internal/pluginproc"
	"github.com/hostelry-run/hostelry/host/internal/redact"
	"github.com/hostelry-run/hostelry/host/schema"
	"github.com/hostelry-run/hostelry/shared/conformance"
)

// Candidate is a plugin's file. Make it with [New].
type Candidate struct {
	file   string // absolute
	copied string // what is launched
	logger *slog.Logger
	keeper *keeper.Keeper
	mask   *redact.Mask // of what Hide was told; nil for nothing
}

var _ conformance.File = (*Candidate)(nil)

// New takes the plugin in file, of which it makes a private copy to launch, as hosts
// do. What the plugin prints and logs goes to logger. The caller must call Close.
func New(file string, logger *slog.Logger) (*Candidate, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file: name the plugin's executable", file)
	}
	dir, err := filepath.Abs(filepath.Join(os.TempDir(), "hostelry-candidate-"+rand.Text()))
	if err != nil {
		return nil, err
	}
	c := &Candidate{
		file: file, copied: filepath.Join(dir, filepath.Base(file)), logger: logger, keeper: keeper.Start(logger),
	}
	c.keeper.AddDir(dir)
	if err = os.Mkdir(dir, 0o700); err == nil {
		err = copyFile(c.copied, file, info.Mode().Perm())
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("copy the plugin: %w", err)
	}
	return c, nil
}

// Close frees what New made. The instances must have been closed.
func (c *Candidate) Close() {
	_ = os.RemoveAll(filepath.Dir(c.copied))
	c.keeper.Close()
}

func copyFile(to, from string, mode os.FileMode) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// PluginName implements conformance.File.
func (c *Candidate) PluginName() string {
	name, ok := strings.CutPrefix(filepath.Base(c.file), catalog.Prefix)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, ".exe")
}

// CheckSchema implements conformance.Subject.
func (c *Candidate) CheckSchema(raw, config json.RawMessage) error {
	compiled, err := schema.Compile(raw)
	if err != nil || config == nil {
		return err
	}
	value, err := decode(config)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range compiled.Check(value) {
		errs = append(errs, errors.New(p.String()))
	}
	return errors.Join(errs...)
}

func decode(config json.RawMessage) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

// Hide implements conformance.File.
func (c *Candidate) Hide(raw, config json.RawMessage) func(string) string {
	compiled, err := schema.Compile(raw)
	if err != nil {
		return nil // such a kind has no tasks
	}
	value, _ := decode(config) // nothing is secret in what is not JSON
	var secrets []string
	for _, secret := range compiled.Notes().Secrets(value) {
		if text, ok := secret.(string); ok {
			secrets = append(secrets, text)
		}
	}
	if c.mask = redact.New(secrets); c.mask == nil {
		return nil
	}
	return c.mask.Text
}

// Start implements conformance.Subject.
func (c *Candidate) Start(ctx context.Context) (conformance.Instance, error) {
	p, err := pluginproc.Launch(ctx, pluginproc.Config{
		Path: c.copied, File: c.file, Logger: c.mask.Logger(c.logger), Mask: c.mask, Keeper: c.keeper,
	})
	if err != nil {
		return nil, err
	}
	return &instance{Process: p, marks: c.keeper.Env()}, nil
}

// instance is a plugin's process.
type instance struct {
	*pluginproc.Process
	marks []string // in the environment of what it starts
}

var _ conformance.Process = (*instance)(nil)

// Fate implements conformance.Instance.
func (i *instance) Fate() string {
	fate := fmt.Sprintf("its process ended with %v", i.Exit())
	if i.Exit().Signal != 0 {
		fate = fmt.Sprintf("its process was %v", i.Exit())
	}
	if words := pluginproc.LastWords(i.Stderr()); words != "" {
		fate += fmt.Sprintf(" (stderr: %s)", words)
	}
	return fate
}

// Close implements conformance.Instance. It ends what the plugin has left behind, too.
func (i *instance) Close() {
	i.Kill()
	if left, err := i.Family(); err == nil {
		for pid := range left {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill()
			}
		}
	}
}

// Status implements conformance.Process.
func (i *instance) Status() int { return i.Exit().Code }

// Family implements conformance.Process.
func (i *instance) Family() (map[int]string, error) { return family(i.Pid(), i.marks) }
