package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hostelry-run/hostelry/host"
	"github.com/hostelry-run/hostelry/host/builtin"
)

// goCommand runs a go command in dir and returns what it has written to stdout; the error
// is what it has written to stderr. It is a task of the kind exec, so that it ends with
// ctx, and when this program is killed, with the compilers that it has started.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	config := builtin.ExecConfig{Command: slices.Concat([]string{"go"}, args), Dir: dir}
	if dir != "" {
		pwd, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		config.Env = map[string]string{"PWD": pwd} // which tells it of links in the path
	}
	var said transcript
	r, err := host.New(host.WithKinds(builtin.Kinds()...), host.WithMode(host.Goroutine), host.WithLogger(slog.New(&said)))
	if err != nil {
		return nil, err
	}
	if _, err = r.Add(host.Spec{ID: "go", Kind: "exec", Config: config}); err == nil {
		err = r.Run(ctx)
	}
	if text := bytes.TrimSpace(said.stderr.Bytes()); err != nil && ctx.Err() == nil && len(text) > 0 {
		err = errors.New(string(text))
	}
	return said.stdout.Bytes(), err
}

// transcript is the log of a task of the kind exec, as the text that its command wrote.
type transcript struct {
	mu             sync.Mutex
	stdout, stderr bytes.Buffer
}

// Enabled implements slog.Handler.
func (*transcript) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (t *transcript) WithAttrs([]slog.Attr) slog.Handler { return t }

// WithGroup implements slog.Handler.
func (t *transcript) WithGroup(string) slog.Handler { return t }

// Handle implements slog.Handler.
func (t *transcript) Handle(_ context.Context, r slog.Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var stream *bytes.Buffer
	continued := false
	r.Attrs(func(a slog.Attr) bool {
		switch {
		case a.Key == "stream" && a.Value.String() == "stdout":
			stream = &t.stdout
		case a.Key == "stream":
			stream = &t.stderr
		case a.Key == "continued":
			continued = true
		}
		return true
	})
	if stream == nil { // the runner's own word
		return nil
	}
	if stream.Len() > 0 && !continued {
		stream.WriteByte('\n')
	}
	stream.WriteString(r.Message)
	return nil
}
